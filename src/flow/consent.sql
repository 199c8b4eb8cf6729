-- consent.sql: what the gate asks.

-- name: suppression_find
-- Why an address is not written to; the widest scope first, which is also the first by its name.
-- :mark is the address's fingerprint: of somebody erased, nothing else is left of what was said about the address.
SELECT scope, reason FROM suppression
WHERE shop = :shop AND channel = :channel AND address IN (:address, :mark) AND reason <> 'erased' AND lifted_at IS NULL
ORDER BY scope LIMIT 1;

-- name: suppression_append
-- An address that is not written to any more.
INSERT INTO suppression (id, shop, at, cause, channel, address, scope, reason)
VALUES (:id, :shop, :at, :cause, :channel, :address, :scope, :reason);

-- name: suppression_erased
-- When an address was erased last, by its fingerprint. What else stands under that (a bounce, an old list) may be younger.
SELECT max(at) FROM suppression
WHERE shop = :shop AND channel = 'email' AND address = :mark AND reason = 'erased' AND lifted_at IS NULL;

-- name: consent_find
-- The last word of an address on a topic; '' speaks for all of marketing.
SELECT state, basis, chosen_at FROM consent
WHERE shop = :shop AND channel = :channel AND address = :address AND topic IN ('', :topic)
ORDER BY chosen_at DESC, id DESC LIMIT 1;

-- name: consent_append
-- Consent given or taken back, with its basis and proof.
INSERT INTO consent (id, shop, at, cause, channel, address, topic, state, basis, proof, chosen_at)
VALUES (:id, :shop, :at, :cause, :channel, :address, :topic, :state, :basis, :proof, :chosen_at);
