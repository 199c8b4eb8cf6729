-- refund.sql: money that went back.

-- name: refund_append
-- A refund; told again, it is the same one.
INSERT INTO refund (id, shop, at, cause, source, foreign_id, order_id, currency, amount, refunded_at, note)
VALUES (:id, :shop, :at, :cause, :source, :foreign_id, :order_id, :currency, :amount, :refunded_at, :note)
ON CONFLICT (shop, source, foreign_id) DO NOTHING;

-- name: refund_line_append
-- What of the order it was for.
INSERT INTO refund_line (id, shop, refund_id, position, line_foreign_id, quantity, amount)
VALUES (:id, :shop, :refund_id, :position, :line_foreign_id, :quantity, :amount);

-- name: refund_get
-- One refund.
SELECT foreign_id, currency, amount, refunded_at, note FROM refund WHERE shop = :shop AND id = :id;
