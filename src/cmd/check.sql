-- check.sql: rows that contradict each other.
-- walks: a check by hand looks at every row, at night or after a fright

-- name: check_line_without_order
-- any shop: the whole store is checked
SELECT count(*) FROM order_line AS l WHERE NOT EXISTS (SELECT 1 FROM orders AS o WHERE o.shop = l.shop AND o.id = l.order_id);

-- name: check_run_without_event
-- any shop: the whole store is checked
SELECT count(*) FROM run AS r WHERE NOT EXISTS (SELECT 1 FROM event AS e WHERE e.shop = r.shop AND e.id = r.cause);

-- name: check_message_without_step
-- any shop: the whole store is checked
SELECT count(*) FROM message AS m WHERE NOT EXISTS (SELECT 1 FROM run_step AS s WHERE s.shop = m.shop AND s.id = m.cause);

-- name: check_delivery_without_message
-- any shop: the whole store is checked
SELECT count(*) FROM delivery AS d WHERE NOT EXISTS (SELECT 1 FROM message AS m WHERE m.shop = d.shop AND m.id = d.cause);

-- name: check_accepted_without_delivery
-- any shop: the whole store is checked
SELECT count(*) FROM message AS m WHERE m.state = 'accepted' AND NOT EXISTS
    (SELECT 1 FROM delivery AS d WHERE d.shop = m.shop AND d.cause = m.id AND d.state = 'accepted');

-- name: check_two_accepted
-- any shop: the whole store is checked
SELECT count(*) FROM (SELECT d.shop, d.cause FROM delivery AS d WHERE d.state = 'accepted'
    GROUP BY d.shop, d.cause HAVING count(*) > 1) AS twice;

-- name: check_part_without_order
-- any shop: looks at the whole store
SELECT (SELECT count(*) FROM shipment AS s WHERE NOT EXISTS (SELECT 1 FROM orders AS o WHERE o.shop = s.shop AND o.id = s.order_id))
    + (SELECT count(*) FROM refund AS r WHERE NOT EXISTS (SELECT 1 FROM orders AS o WHERE o.shop = r.shop AND o.id = r.order_id));

-- name: check_parcel_without_shipment
-- any shop: looks at the whole store
SELECT count(*) FROM parcel AS p WHERE NOT EXISTS (SELECT 1 FROM shipment AS s WHERE s.shop = p.shop AND s.id = p.shipment_id);

-- name: check_merged_into_nobody
-- Nobody stands behind a customer who is not there, or who stands behind another one.
-- any shop: looks at the whole store
SELECT count(*) FROM customer AS c WHERE c.merged_into IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM customer AS p WHERE p.shop = c.shop AND p.id = c.merged_into AND p.merged_into IS NULL);

-- name: check_body_without_row
-- any shop: looks at the whole store
SELECT (SELECT count(*) FROM inbox_body AS b WHERE NOT EXISTS (SELECT 1 FROM inbox AS i WHERE i.shop = b.shop AND i.id = b.id))
    + (SELECT count(*) FROM message_body AS b WHERE NOT EXISTS (SELECT 1 FROM message AS m WHERE m.shop = b.shop AND m.id = b.id));

-- name: check_early_for_nothing
-- Deliveries that wait for an order which is there.
-- any shop: looks at the whole store
SELECT count(*) FROM early AS e WHERE e.noun = 'order' AND EXISTS (
    SELECT 1 FROM orders AS o WHERE o.shop = e.shop AND o.source = e.source AND o.foreign_id = e.foreign_id);

-- name: check_inbox_bodies
-- All that came, to be unpacked.
-- any shop: looks at the whole store
SELECT id, shop, body FROM inbox_body ORDER BY id;

-- name: check_message_bodies
-- All that was sent, to be unpacked.
-- any shop: looks at the whole store
SELECT id, shop, body FROM message_body ORDER BY id;
