-- privacy.sql: what people ask by law of what we keep.

-- name: privacy_append
-- An asking; told again while it is open, it is the same one. One that was done may be asked again.
INSERT INTO privacy_ask (id, shop, at, cause, kind, source, foreign_id, customer_foreign_id, email, phone, orders, due_at,
    state)
VALUES (:id, :shop, :at, :cause, :kind, :source, :foreign_id, :customer_foreign_id, :email, :phone, :orders, :due_at, 'new')
ON CONFLICT (shop, source, kind, foreign_id) DO UPDATE SET at = excluded.at, cause = excluded.cause,
    customer_foreign_id = excluded.customer_foreign_id, email = excluded.email, phone = excluded.phone,
    orders = excluded.orders, due_at = excluded.due_at, state = 'new', receipt = NULL, finished_at = NULL
    WHERE privacy_ask.state = 'done';
