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

-- name: refund_with_cancellation
-- Is all of the order's sum back, and did we hear of it in the same minute as of the order's end? As in outbox_due.
SELECT count(*) FROM refund AS r JOIN orders AS o ON o.shop = r.shop AND o.id = r.order_id
JOIN event AS e ON e.shop = r.shop AND e.order_id = r.order_id AND e.kind = 'order.cancelled'
WHERE r.shop = :shop AND r.id = :id AND r.amount >= o.total AND r.currency = o.currency AND abs(e.at - r.at) <= 60000;
