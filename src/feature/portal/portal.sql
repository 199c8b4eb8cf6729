-- portal.sql: what the page of an order shows beside the order.

-- name: portal_door
-- An order by the shop system's own id.
SELECT id, generation FROM orders WHERE shop = :shop AND source = :source AND foreign_id = :foreign_id;

-- name: portal_refunds
-- Money that went back. :limit
SELECT currency, amount, refunded_at FROM refund WHERE shop = :shop AND order_id = :order_id ORDER BY id LIMIT :limit;

-- name: portal_scans
-- The way of all parcels, the newest word first. :limit
SELECT scan.state, scan.place, scan.happened_at FROM scan
JOIN shipment ON shipment.shop = scan.shop AND shipment.id = scan.shipment_id
WHERE shipment.shop = :shop AND shipment.order_id = :order_id ORDER BY scan.happened_at DESC, scan.id DESC LIMIT :limit;
