-- privacy.sql: all that is kept of a person, by the mail address.
-- walks: a person's export is asked for by hand, a few times a year, and addresses have no index of their own

-- name: privacy_asks
-- What people asked, the newest first. :limit
SELECT id, at, kind, state, coalesce(receipt, ''), due_at FROM privacy_ask WHERE shop = :shop ORDER BY id DESC LIMIT :limit;

-- name: export_customers
SELECT id, at AS known_at, source, foreign_id, email, phone, first_name, last_name, locale, zone, channel, addresses, tags, note,
    birthday, joined_at, deleted_at, updated_at
FROM customer WHERE shop = :shop AND id IN (
    SELECT c.id FROM customer AS c WHERE c.shop = :shop AND c.email_key = :email_key
    UNION SELECT m.id FROM customer AS c JOIN customer AS m ON m.shop = c.shop AND (m.merged_into = c.id OR m.id = c.merged_into)
    WHERE c.shop = :shop AND c.email_key = :email_key) ORDER BY id;

-- name: export_orders
SELECT o.id, o.name, o.source, o.foreign_id, o.email, o.phone, o.locale, o.currency, o.total, o.payment, o.fulfilment, o.placed_at,
    o.cancelled_at, o.delivered_at, o.ship_to, o.bill_to, o.note, o.tags
FROM orders AS o WHERE o.shop = :shop AND (o.customer_id IN (SELECT c.id FROM customer AS c WHERE c.shop = :shop AND c.email_key = :email_key
    UNION SELECT m.id FROM customer AS c JOIN customer AS m ON m.shop = c.shop AND (m.merged_into = c.id OR m.id = c.merged_into)
    WHERE c.shop = :shop AND c.email_key = :email_key) OR lower(o.email) = :email_key) ORDER BY o.id;

-- name: export_lines
SELECT o.name AS order_name, l.title, l.variant, l.sku, l.quantity, l.price, l.discount
FROM orders AS o JOIN order_line AS l ON l.shop = o.shop AND l.order_id = o.id WHERE o.shop = :shop AND (o.customer_id IN (SELECT c.id FROM customer AS c WHERE c.shop = :shop AND c.email_key = :email_key
    UNION SELECT m.id FROM customer AS c JOIN customer AS m ON m.shop = c.shop AND (m.merged_into = c.id OR m.id = c.merged_into)
    WHERE c.shop = :shop AND c.email_key = :email_key) OR lower(o.email) = :email_key) ORDER BY o.id, l.position;

-- name: export_shipments
SELECT o.name AS order_name, s.name, s.state, s.shipped_at, s.delivered_at, p.carrier, p.number
FROM orders AS o JOIN shipment AS s ON s.shop = o.shop AND s.order_id = o.id
LEFT JOIN parcel AS p ON p.shop = s.shop AND p.shipment_id = s.id WHERE o.shop = :shop AND (o.customer_id IN (SELECT c.id FROM customer AS c WHERE c.shop = :shop AND c.email_key = :email_key
    UNION SELECT m.id FROM customer AS c JOIN customer AS m ON m.shop = c.shop AND (m.merged_into = c.id OR m.id = c.merged_into)
    WHERE c.shop = :shop AND c.email_key = :email_key) OR lower(o.email) = :email_key) ORDER BY s.id, p.position;

-- name: export_refunds
SELECT o.name AS order_name, r.currency, r.amount, r.refunded_at, r.note
FROM orders AS o JOIN refund AS r ON r.shop = o.shop AND r.order_id = o.id WHERE o.shop = :shop AND (o.customer_id IN (SELECT c.id FROM customer AS c WHERE c.shop = :shop AND c.email_key = :email_key
    UNION SELECT m.id FROM customer AS c JOIN customer AS m ON m.shop = c.shop AND (m.merged_into = c.id OR m.id = c.merged_into)
    WHERE c.shop = :shop AND c.email_key = :email_key) OR lower(o.email) = :email_key) ORDER BY r.id;

-- name: export_happenings
SELECT e.id, e.kind, e.happened_at, h.properties FROM event AS e JOIN happening AS h ON h.shop = e.shop AND h.id = e.id
WHERE e.shop = :shop AND (h.email = :email_key OR e.customer_id IN (
    SELECT c.id FROM customer AS c WHERE c.shop = :shop AND c.email_key = :email_key
    UNION SELECT m.id FROM customer AS c JOIN customer AS m ON m.shop = c.shop AND (m.merged_into = c.id OR m.id = c.merged_into)
    WHERE c.shop = :shop AND c.email_key = :email_key)) ORDER BY e.id;

-- name: export_messages
SELECT id, at AS written_at, channel, address, template, state, reason, subject FROM message
WHERE shop = :shop AND lower(address) = :email_key ORDER BY id;

-- name: export_consents
SELECT id, at AS learned_at, channel, topic, state, basis, proof, chosen_at FROM consent
WHERE shop = :shop AND address = :email_key ORDER BY chosen_at, id;

-- name: export_suppressions
SELECT id, at AS suppressed_at, channel, scope, reason, lifted_at FROM suppression WHERE shop = :shop AND address = :email_key
ORDER BY id;
