-- shipment.sql: what leaves the shop, its parcels, and the carrier's words.

-- name: shipment_known
-- A shipment by the shop system's id, and who ordered.
SELECT shipment.id, shipment.updated_at, shipment.hash, shipment.order_id, shipment.state, shipment.state_at,
    shipment.shipped_at, coalesce(customer.merged_into, customer.id), orders.erased_at
FROM shipment
LEFT JOIN orders ON orders.shop = shipment.shop AND orders.id = shipment.order_id
LEFT JOIN customer ON customer.shop = orders.shop AND customer.id = orders.customer_id
WHERE shipment.shop = :shop AND shipment.source = :source AND shipment.foreign_id = :foreign_id;

-- name: shipment_append
-- A shipment that we hear of for the first time; how far it is comes next.
INSERT INTO shipment (id, shop, at, cause, source, foreign_id, order_id, name, state, state_at, expected_from,
    expected_until, updated_at, hash)
VALUES (:id, :shop, :at, :cause, :source, :foreign_id, :order_id, :name, 'unknown', 0, :expected_from, :expected_until,
    :updated_at, :hash);

-- name: shipment_update
-- Newer facts about a shipment. A date that is left out stays.
UPDATE shipment SET name = coalesce(:name, name), expected_from = coalesce(:expected_from, expected_from),
    expected_until = coalesce(:expected_until, expected_until), updated_at = :updated_at, hash = :hash
WHERE shop = :shop AND id = :id;

-- name: shipment_move
-- It has come further. The first arrival counts.
UPDATE shipment SET state = :state, state_at = :state_at, delivered_at = coalesce(delivered_at, :delivered_at)
WHERE shop = :shop AND id = :id;

-- name: shipment_arrived
-- It was there earlier than we thought.
UPDATE shipment SET delivered_at = :at, state_at = :at WHERE shop = :shop AND id = :id AND delivered_at > :at;

-- name: shipment_arrived_order
-- And so was all of its order, perhaps.
UPDATE orders SET delivered_at = (SELECT max(s.delivered_at) FROM shipment AS s
    WHERE s.shop = :shop AND s.order_id = :order_id AND s.state <> 'cancelled')
WHERE shop = :shop AND id = :order_id AND delivered_at IS NOT NULL;

-- name: shipment_left
-- It has left the shop.
UPDATE shipment SET shipped_at = :shipped_at WHERE shop = :shop AND id = :id;

-- name: shipment_expect
-- The carrier gave a new date.
UPDATE shipment SET expected_until = :expected_until WHERE shop = :shop AND id = :id;

-- name: shipment_get
-- One shipment.
SELECT id, order_id, state_at, foreign_id, name, state, shipped_at, delivered_at, expected_from, expected_until, updated_at
FROM shipment WHERE shop = :shop AND id = :id;

-- name: shipments_of_order
-- All shipments of an order, the oldest first. :limit
SELECT id, order_id, state_at, foreign_id, name, state, shipped_at, delivered_at, expected_from, expected_until,
    updated_at, (SELECT count(*) FROM shipment WHERE shop = :shop AND order_id = :order_id)
FROM shipment WHERE shop = :shop AND order_id = :order_id ORDER BY id LIMIT :limit;

-- name: parcels
-- The boxes of a shipment. :limit
SELECT carrier, number, url, (SELECT count(*) FROM parcel WHERE shop = :shop AND shipment_id = :shipment_id) FROM parcel
WHERE shop = :shop AND shipment_id = :shipment_id ORDER BY position LIMIT :limit;

-- name: parcels_drop
-- Makes room for the boxes of a changed shipment.
DELETE FROM parcel WHERE shop = :shop AND shipment_id = :shipment_id;

-- name: parcel_append
-- One box.
INSERT INTO parcel (id, shop, shipment_id, position, carrier, number, url)
VALUES (:id, :shop, :shipment_id, :position, :carrier, :number, :url);

-- name: shipment_lines
-- What is in a shipment. :limit
SELECT line_foreign_id, sku, quantity,
    (SELECT count(*) FROM shipment_line WHERE shop = :shop AND shipment_id = :shipment_id)
FROM shipment_line
WHERE shop = :shop AND shipment_id = :shipment_id ORDER BY position LIMIT :limit;

-- name: shipment_lines_drop
-- Makes room for what is in a changed shipment.
DELETE FROM shipment_line WHERE shop = :shop AND shipment_id = :shipment_id;

-- name: shipment_line_append
-- So many of one line of the order.
INSERT INTO shipment_line (id, shop, shipment_id, position, line_foreign_id, sku, quantity)
VALUES (:id, :shop, :shipment_id, :position, :line_foreign_id, :sku, :quantity);

-- name: scan_append
-- One word of the carrier; the same twice is one.
INSERT INTO scan (id, shop, at, cause, shipment_id, number, state, words, place, happened_at)
VALUES (:id, :shop, :at, :cause, :shipment_id, :number, :state, :words, :place, :happened_at)
ON CONFLICT (shop, shipment_id, happened_at, state, number) DO NOTHING;
