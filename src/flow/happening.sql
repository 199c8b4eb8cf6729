-- happening.sql: events of the shop's own.

-- name: happening_customer
-- Whom it concerns: the account, or who has the address; the person who stands for it.
SELECT coalesce(merged_into, id) FROM customer WHERE shop = :shop AND erased_at IS NULL
    AND ((source = :source AND foreign_id = :foreign_id) OR (:foreign_id = '' AND email_key = :email_key AND email_key <> ''))
ORDER BY merged_into IS NOT NULL, id LIMIT 1;

-- name: happening_event
-- The event itself.
INSERT INTO event (id, shop, at, cause, kind, happened_at, order_id, customer_id, subject_id, state)
VALUES (:id, :shop, :at, :cause, :kind, :happened_at, :order_id, :customer_id, NULL, :state);

-- name: happening_known
-- Was this place of the delivery learned before?
SELECT count(*) FROM event AS e JOIN happening AS h ON h.shop = e.shop AND h.id = e.id
WHERE e.shop = :shop AND e.cause = :cause AND h.position = :position;

-- name: happening_append
-- What the shop said of it.
INSERT INTO happening (id, shop, position, email, properties) VALUES (:id, :shop, :position, :email, :properties);
