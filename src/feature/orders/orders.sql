-- orders.sql: the list of orders, and everything about one.

-- name: orders_list
-- By the day they were placed, the newest first; behind the cursor (:at, :id). :state is a word of the page; empty: all.
SELECT o.id, o.placed_at, o.name, o.email, trim(coalesce(c.first_name, '') || ' ' || coalesce(c.last_name, '')),
    o.total, o.currency, o.payment, o.fulfilment, o.cancelled_at, o.delivered_at, o.deleted_at, o.quiet
FROM orders AS o LEFT JOIN customer AS c ON c.shop = o.shop AND c.id = o.customer_id
WHERE o.shop = :shop AND o.placed_at <= :at AND (o.placed_at < :at OR o.id < :id)
    AND (:state = ''
        OR (:state = 'open' AND o.cancelled_at IS NULL AND o.deleted_at IS NULL AND o.delivered_at IS NULL
            AND o.fulfilment <> 'fulfilled')
        OR (:state = 'unpaid' AND o.cancelled_at IS NULL AND o.payment IN ('pending', 'authorized', 'partly_paid'))
        OR (:state = 'sent' AND o.cancelled_at IS NULL AND o.delivered_at IS NULL AND o.fulfilment = 'fulfilled')
        OR (:state = 'delivered' AND o.delivered_at IS NOT NULL)
        OR (:state = 'cancelled' AND o.cancelled_at IS NOT NULL)
        OR (:state = 'refunded' AND o.payment IN ('refunded', 'partly_refunded'))
        OR (:state = 'quiet' AND o.quiet IS NOT NULL))
ORDER BY o.placed_at DESC, o.id DESC LIMIT :limit;

-- name: orders_found
-- The same of those whose number (with or without its #), address, or buyer's name begins with something (from :from to
-- below :to), or which have the parcel :number.
SELECT o.id, o.placed_at, o.name, o.email, trim(coalesce(c.first_name, '') || ' ' || coalesce(c.last_name, '')),
    o.total, o.currency, o.payment, o.fulfilment, o.cancelled_at, o.delivered_at, o.deleted_at, o.quiet
FROM orders AS o LEFT JOIN customer AS c ON c.shop = o.shop AND c.id = o.customer_id
WHERE o.shop = :shop AND o.placed_at <= :at AND (o.placed_at < :at OR o.id < :id)
    AND (:state = ''
        OR (:state = 'open' AND o.cancelled_at IS NULL AND o.deleted_at IS NULL AND o.delivered_at IS NULL
            AND o.fulfilment <> 'fulfilled')
        OR (:state = 'unpaid' AND o.cancelled_at IS NULL AND o.payment IN ('pending', 'authorized', 'partly_paid'))
        OR (:state = 'sent' AND o.cancelled_at IS NULL AND o.delivered_at IS NULL AND o.fulfilment = 'fulfilled')
        OR (:state = 'delivered' AND o.delivered_at IS NOT NULL)
        OR (:state = 'cancelled' AND o.cancelled_at IS NOT NULL)
        OR (:state = 'refunded' AND o.payment IN ('refunded', 'partly_refunded'))
        OR (:state = 'quiet' AND o.quiet IS NOT NULL))
    AND o.id IN (SELECT id FROM orders WHERE shop = :shop AND lower(name) >= :from AND lower(name) < :to
        UNION SELECT id FROM orders WHERE shop = :shop AND lower(name) >= '#' || :from AND lower(name) < '#' || :to
        UNION SELECT id FROM orders WHERE shop = :shop AND lower(email) >= :from AND lower(email) < :to
        UNION SELECT b.id FROM customer AS n JOIN orders AS b ON b.shop = n.shop AND b.customer_id = n.id
            WHERE n.shop = :shop AND lower(n.last_name) >= :from AND lower(n.last_name) < :to
        UNION SELECT b.id FROM customer AS n JOIN orders AS b ON b.shop = n.shop AND b.customer_id = n.id
            WHERE n.shop = :shop AND lower(coalesce(n.first_name, '') || ' ' || coalesce(n.last_name, '')) >= :from
                AND lower(coalesce(n.first_name, '') || ' ' || coalesce(n.last_name, '')) < :to
        UNION SELECT s.order_id FROM parcel AS p JOIN shipment AS s ON s.shop = p.shop AND s.id = p.shipment_id
            WHERE p.shop = :shop AND p.number = :number)
ORDER BY o.placed_at DESC, o.id DESC LIMIT :limit;

-- name: orders_placed_at
-- The day of one, for the cursor.
SELECT placed_at FROM orders WHERE shop = :shop AND id = :id;

-- name: orders_generation
-- Of its page's link.
SELECT generation FROM orders WHERE shop = :shop AND id = :id;

-- name: orders_one
-- The order itself, with the person who stands for its customer.
SELECT o.id, o.name, o.placed_at, o.email, o.phone, o.locale, o.source, o.total, o.currency, o.subtotal, o.currency,
    o.shipping, o.currency, o.fees, o.currency, o.tax, o.currency, o.discount, o.currency, o.tax_included,
    o.discount_codes, o.shipping_title, o.channel, o.url, o.payment, o.payment, o.fulfilment, o.quiet, o.gift, o.cancelled_at,
    o.deleted_at, o.delivered_at, o.promised_from, o.promised_until, o.note, o.tags, o.generation, p.id,
    trim(coalesce(p.first_name, '') || ' ' || coalesce(p.last_name, '')), p.email
FROM orders AS o LEFT JOIN customer AS c ON c.shop = o.shop AND c.id = o.customer_id
LEFT JOIN customer AS p ON p.shop = o.shop AND p.id = coalesce(c.merged_into, c.id)
WHERE o.shop = :shop AND o.id = :id;

-- name: orders_addresses
-- Where it goes, and who pays: JSON.
SELECT ship_to, bill_to FROM orders WHERE shop = :shop AND id = :id;

-- name: orders_lines
-- What was bought.
SELECT l.title, l.variant, l.sku, l.quantity, l.price, o.currency, l.discount, o.currency,
    l.price * l.quantity - l.discount, o.currency
FROM order_line AS l JOIN orders AS o ON o.shop = l.shop AND o.id = l.order_id
WHERE l.shop = :shop AND l.order_id = :id ORDER BY l.position LIMIT :limit;

-- name: orders_parcels
-- What has left, parcel by parcel.
SELECT s.id, s.name, s.state, s.state, s.state_at, s.shipped_at, s.delivered_at, s.expected_from, s.expected_until,
    p.carrier, p.number, p.url
FROM shipment AS s LEFT JOIN parcel AS p ON p.shop = s.shop AND p.shipment_id = s.id
WHERE s.shop = :shop AND s.order_id = :id ORDER BY s.id, p.position LIMIT :limit;

-- name: orders_refunds
-- What went back.
SELECT refunded_at, amount, currency, note FROM refund WHERE shop = :shop AND order_id = :id ORDER BY id LIMIT :limit;

-- name: orders_messages
-- What was written about it.
SELECT id, at, template, subject, address, CASE WHEN message.state = 'accepted' AND EXISTS (SELECT 1 FROM delivery AS d WHERE d.shop = message.shop
    AND d.cause = message.id AND d.state = 'accepted' AND d.sender = 'catcher') THEN 'caught' ELSE message.state END,
    reason, words FROM message
WHERE shop = :shop AND order_id = :id ORDER BY id LIMIT :limit;

-- name: orders_story
-- Everything that happened, in its order: events with who told us, steps of journeys, messages, the carrier's words.
SELECT e.happened_at, e.id AS id, 'event' AS what,
    e.kind || CASE WHEN e.kind LIKE 'shipment.%' THEN
        (SELECT CASE WHEN count(*) > 1 THEN ' ' || count(CASE WHEN n.id <= e.subject_id THEN 1 END) || ' of ' || count(*) ELSE '' END
         FROM shipment AS n WHERE n.shop = e.shop AND n.order_id = e.order_id) ELSE '' END AS name,
    coalesce(i.connector, '') AS detail, '' AS more
FROM event AS e LEFT JOIN inbox AS i ON i.shop = e.shop AND i.id = e.cause WHERE e.shop = :shop AND e.order_id = :id
UNION ALL SELECT s.at, s.id, 'step', 'mail ' || r.journey, s.outcome, s.why
FROM event AS e JOIN run AS r ON r.shop = e.shop AND r.cause = e.id JOIN run_step AS s ON s.shop = r.shop AND s.cause = r.id
WHERE e.shop = :shop AND e.order_id = :id AND s.outcome <> 'go'
UNION ALL SELECT m.at, m.id, 'message', 'mail ' || m.template, CASE WHEN m.state = 'accepted' AND EXISTS (SELECT 1 FROM delivery AS d WHERE d.shop = m.shop
    AND d.cause = m.id AND d.state = 'accepted' AND d.sender = 'catcher') THEN 'caught' ELSE m.state END, coalesce(m.reason, '')
FROM message AS m WHERE m.shop = :shop AND m.order_id = :id
UNION ALL SELECT c.happened_at, c.id, 'scan', c.state, coalesce(c.place, ''), coalesce(c.words, '')
FROM shipment AS s JOIN scan AS c ON c.shop = s.shop AND c.shipment_id = s.id WHERE s.shop = :shop AND s.order_id = :id
ORDER BY 1, 2 LIMIT :limit;
