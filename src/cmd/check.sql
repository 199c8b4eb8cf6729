-- check.sql: rows that contradict each other.

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
