-- choice.sql: what people chose about being written to.

-- name: choice_known
-- The last choice of an address on exactly this topic.
SELECT state, basis, chosen_at FROM consent
WHERE shop = :shop AND channel = :channel AND address = :address AND topic = :topic
ORDER BY chosen_at DESC, id DESC LIMIT 1;
