-- api.sql: what programs ask for. A list is by id, so that one who turns its pages misses nothing that is added meanwhile.

-- name: api_orders
-- Orders behind :after.
SELECT o.id, o.source, o.foreign_id, o.name, o.placed_at, o.at, nullif(o.updated_at, 0), p.id, o.email, o.phone, o.locale, o.currency,
    o.subtotal, o.shipping, o.fees, o.tax, o.discount, o.total, o.tax_included, o.discount_codes, o.shipping_title, o.channel,
    o.url, o.tags, o.payment, o.fulfilment, o.quiet, o.gift, o.renewal, o.in_person, o.cancelled_at, o.delivered_at,
    o.deleted_at, o.promised_from, o.promised_until, o.note, o.ship_to, o.bill_to
FROM orders AS o LEFT JOIN customer AS c ON c.shop = o.shop AND c.id = o.customer_id
LEFT JOIN customer AS p ON p.shop = o.shop AND p.id = coalesce(c.merged_into, c.id)
WHERE o.shop = :shop AND o.id > :after AND (:updated_since = 0 OR o.updated_at >= :updated_since)
    AND (:email = '' OR lower(o.email) = lower(:email)) AND (:name = '' OR o.name = :name)
    AND (:source_id = '' OR o.foreign_id = :source_id)
ORDER BY o.id LIMIT :limit;

-- name: api_order_lines
-- What was bought.
SELECT l.foreign_id, l.product_id, l.variant_foreign_id, l.sku, l.title, l.variant, l.quantity, l.price, l.discount, l.ships,
    o.currency
FROM order_line AS l JOIN orders AS o ON o.shop = l.shop AND o.id = l.order_id
WHERE l.shop = :shop AND l.order_id = :id ORDER BY l.position LIMIT :limit;

-- name: api_order_refunds
-- What went back.
SELECT r.id, r.source, r.foreign_id, r.amount, r.refunded_at, r.note, r.currency
FROM refund AS r WHERE r.shop = :shop AND r.order_id = :id ORDER BY r.id LIMIT :limit;

-- name: api_customers
-- Customers behind :after.
SELECT c.id, c.source, c.foreign_id, c.at, nullif(c.updated_at, 0), c.email, c.phone, c.first_name, c.last_name, c.locale, c.zone,
    c.channel, (SELECT m.name FROM company AS m WHERE m.shop = c.shop AND m.id = c.company_id), c.addresses, c.tags, c.note, c.birthday, c.joined_at,
    c.deleted_at, c.erased_at, c.merged_into
FROM customer AS c
WHERE c.shop = :shop AND c.id > :after AND (:updated_since = 0 OR c.updated_at >= :updated_since)
    AND (:email = '' OR c.email_key = lower(:email))
    AND (:name = '' OR trim(coalesce(c.first_name, '') || ' ' || coalesce(c.last_name, '')) = :name)
    AND (:source_id = '' OR c.foreign_id = :source_id)
ORDER BY c.id LIMIT :limit;

-- name: api_products
-- Products behind :after.
SELECT p.id, p.source, p.foreign_id, p.at, nullif(p.updated_at, 0), p.title, p.vendor, p.kind, p.url, p.image_url, p.tags,
    coalesce(p.currency, (SELECT s.currency FROM shop AS s WHERE s.id = p.shop)), p.offered, p.deleted_at
FROM product AS p
WHERE p.shop = :shop AND p.id > :after AND (:updated_since = 0 OR p.updated_at >= :updated_since)
    AND (:name = '' OR p.title = :name) AND (:source_id = '' OR p.foreign_id = :source_id)
ORDER BY p.id LIMIT :limit;

-- name: api_variants
-- The kinds of a product.
SELECT v.foreign_id, v.sku, v.title, v.barcode, v.image_url, v.price, v.weight_grams, v.ships,
    coalesce(p.currency, (SELECT s.currency FROM shop AS s WHERE s.id = p.shop))
FROM variant AS v JOIN product AS p ON p.shop = v.shop AND p.id = v.product_id
WHERE v.shop = :shop AND v.product_id = :id ORDER BY v.position LIMIT :limit;

-- name: api_shipments
-- Shipments behind :after.
SELECT s.id, s.source, s.foreign_id, s.order_id, s.at, nullif(s.updated_at, 0), s.name, s.state, s.state_at, s.shipped_at,
    s.delivered_at, s.expected_from, s.expected_until
FROM shipment AS s
WHERE s.shop = :shop AND s.id > :after AND (:updated_since = 0 OR s.updated_at >= :updated_since)
    AND (:source_id = '' OR s.foreign_id = :source_id) AND (:order_id = 0 OR s.order_id = :order_id)
ORDER BY s.id LIMIT :limit;

-- name: api_parcels
-- The boxes of a shipment.
SELECT carrier, number, url FROM parcel WHERE shop = :shop AND shipment_id = :id ORDER BY position LIMIT :limit;

-- name: api_shipment_lines
-- What is in it.
SELECT line_foreign_id, sku, quantity FROM shipment_line WHERE shop = :shop AND shipment_id = :id ORDER BY position LIMIT :limit;

-- name: api_refunds
-- Refunds behind :after.
SELECT r.id, r.source, r.foreign_id, r.order_id, r.at, r.amount, r.currency, r.refunded_at, r.note
FROM refund AS r
WHERE r.shop = :shop AND r.id > :after AND (:source_id = '' OR r.foreign_id = :source_id) AND (:order_id = 0 OR r.order_id = :order_id)
ORDER BY r.id LIMIT :limit;

-- name: api_events
-- Events behind :after, the shop's own among them.
SELECT e.id, e.kind, e.happened_at, e.at, e.order_id, e.customer_id, h.properties
FROM event AS e LEFT JOIN happening AS h ON h.shop = e.shop AND h.id = e.id
WHERE e.shop = :shop AND e.id > :after AND (:order_id = 0 OR e.order_id = :order_id) AND (:kind = '' OR e.kind = :kind)
ORDER BY e.id LIMIT :limit;

-- name: api_messages
-- Messages behind :after.
SELECT m.id, m.at, m.order_id, m.customer_id, m.channel, m.class, m.template, m.address, m.locale, m.subject, m.state, m.reason, m.words
FROM message AS m
WHERE m.shop = :shop AND m.id > :after AND (:email = '' OR lower(m.address) = lower(:email)) AND (:order_id = 0 OR m.order_id = :order_id)
ORDER BY m.id LIMIT :limit;

-- name: api_delivery
-- What became of what was posted.
SELECT topic, state, reason, at FROM inbox WHERE shop = :shop AND id = :id AND connector = 'api';
