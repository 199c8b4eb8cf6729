-- trace.sql: what caused a row, and what it caused, in words.

-- name: trace_inbox
-- One row in words.
-- any shop: the command line names a row by its id alone
SELECT id, shop, at, cause, connector || ' ' || topic || ': ' || state || coalesce(', ' || reason, '') ||
    CASE WHEN EXISTS (SELECT 1 FROM inbox_body AS b WHERE b.shop = inbox.shop AND b.id = inbox.id) THEN '' ELSE ' (its body was emptied)' END
FROM inbox WHERE id = :id;

-- name: trace_event
-- One row in words.
-- any shop: the command line names a row by its id alone
SELECT id, shop, at, cause, kind || coalesce(' of ' || (SELECT o.name FROM orders AS o WHERE o.shop = event.shop AND o.id = event.order_id), '') FROM event WHERE id = :id;

-- name: trace_event_of
-- What a row caused.
SELECT id, shop, at, cause, kind || coalesce(' of ' || (SELECT o.name FROM orders AS o WHERE o.shop = event.shop AND o.id = event.order_id), '') FROM event WHERE shop = :shop AND cause = :cause ORDER BY id;

-- name: trace_run
-- One row in words.
-- any shop: the command line names a row by its id alone
SELECT id, shop, at, cause, journey || ': ' || state || coalesce(', ' || why, '') FROM run WHERE id = :id;

-- name: trace_run_of
-- What a row caused.
SELECT id, shop, at, cause, journey || ': ' || state || coalesce(', ' || why, '') FROM run WHERE shop = :shop AND cause = :cause ORDER BY id;

-- name: trace_run_step
-- One row in words.
-- any shop: the command line names a row by its id alone
SELECT id, shop, at, cause, step || ' -> ' || outcome || ': ' || why FROM run_step WHERE id = :id;

-- name: trace_run_step_of
-- What a row caused.
SELECT id, shop, at, cause, step || ' -> ' || outcome || ': ' || why FROM run_step WHERE shop = :shop AND cause = :cause ORDER BY id;

-- name: trace_message
-- One row in words.
-- any shop: the command line names a row by its id alone
SELECT id, shop, at, cause, channel || ' to ' || address || ': ' || state || coalesce(' (' || reason || ')', '') || coalesce(' "' || subject || '"', '') ||
    CASE WHEN state IN ('excluded', 'failed') THEN coalesce(': ' || words, '') ELSE '' END ||
    CASE WHEN body_bytes > 0 AND NOT EXISTS (SELECT 1 FROM message_body AS b WHERE b.shop = message.shop AND b.id = message.id)
    THEN ' (its body was emptied)' ELSE '' END FROM message WHERE id = :id;

-- name: trace_message_of
-- What a row caused.
SELECT id, shop, at, cause, channel || ' to ' || address || ': ' || state || coalesce(' (' || reason || ')', '') || coalesce(' "' || subject || '"', '') ||
    CASE WHEN state IN ('excluded', 'failed') THEN coalesce(': ' || words, '') ELSE '' END ||
    CASE WHEN body_bytes > 0 AND NOT EXISTS (SELECT 1 FROM message_body AS b WHERE b.shop = message.shop AND b.id = message.id)
    THEN ' (its body was emptied)' ELSE '' END FROM message WHERE shop = :shop AND cause = :cause ORDER BY id;

-- name: trace_delivery
-- One row in words.
-- any shop: the command line names a row by its id alone
SELECT id, shop, at, cause, sender || ': ' || state || coalesce(' ' || CAST(code AS TEXT), '') || coalesce(' ' || words, '') FROM delivery WHERE id = :id;

-- name: trace_delivery_of
-- What a row caused.
SELECT id, shop, at, cause, sender || ': ' || state || coalesce(' ' || CAST(code AS TEXT), '') || coalesce(' ' || words, '') FROM delivery WHERE shop = :shop AND cause = :cause ORDER BY id;

-- name: trace_receipt
-- One row in words.
-- any shop: the command line names a row by its id alone
SELECT id, shop, at, cause, kind || coalesce(': ' || words, '') FROM receipt WHERE id = :id;

-- name: trace_receipt_of
-- What a row caused.
SELECT id, shop, at, cause, kind || coalesce(': ' || words, '') FROM receipt WHERE shop = :shop AND cause = :cause ORDER BY id;

-- name: trace_suppression
-- One row in words.
-- any shop: the command line names a row by its id alone
SELECT id, shop, at, cause, channel || ' to ' || address || ' stops: ' || reason || ' (' || scope || ')' FROM suppression WHERE id = :id;

-- name: trace_order
-- The delivery in which an order came first.
-- any shop: the command line names a row by its id alone
SELECT id, shop, at, cause, name || ': ' || payment || ', ' || fulfilment FROM orders WHERE id = :id;

-- name: trace_order_causes
-- All that told something about an order.
SELECT DISTINCT cause FROM event WHERE shop = :shop AND order_id = :order_id ORDER BY cause;

-- name: trace_order_named
-- An order by the name that people use, the newest first.
-- walks: asked for by hand, by the name that a person reads out
SELECT id FROM orders WHERE shop = :shop AND name = :name ORDER BY id DESC LIMIT 1;

-- name: trace_customer
-- any shop: the command line names a row by its id alone
SELECT id, shop, at, cause, coalesce(first_name || ' ', '') || coalesce(last_name, '') || ' <' || coalesce(email, '') || '>' FROM customer WHERE id = :id;

-- name: trace_customer_orders
-- The orders of a customer, for their chains.
SELECT id FROM orders WHERE shop = :shop AND customer_id IN (SELECT :customer_id UNION ALL
    SELECT id FROM customer WHERE shop = :shop AND merged_into = :customer_id) ORDER BY id;

-- name: trace_shipment
-- One row in words.
-- any shop: the command line names a row by its id alone
SELECT id, shop, at, cause, coalesce(name, foreign_id) || ': ' || state FROM shipment WHERE id = :id;

-- name: trace_refund
-- One row in words.
-- any shop: the command line names a row by its id alone
SELECT id, shop, at, cause, CAST(amount AS TEXT) || ' minor units of ' || currency FROM refund WHERE id = :id;

-- name: trace_product
-- One row in words.
-- any shop: the command line names a row by its id alone
SELECT id, shop, at, cause, title FROM product WHERE id = :id;

-- name: trace_consent
-- One row in words.
-- any shop: the command line names a row by its id alone
SELECT id, shop, at, cause, channel || ' to ' || address || ': ' || state || coalesce(' ' || nullif(topic, ''), '') || ' (' || basis || ')'
FROM consent WHERE id = :id;

-- name: trace_merge
-- One row in words.
-- any shop: the command line names a row by its id alone
SELECT id, shop, at, cause, reason || CASE WHEN undone_at IS NULL THEN '' ELSE ', taken back' END FROM merge WHERE id = :id;

-- name: trace_privacy
-- One row in words.
-- any shop: the command line names a row by its id alone
SELECT id, shop, at, cause, kind || ': ' || state FROM privacy_ask WHERE id = :id;

-- name: trace_import
-- One row in words.
-- any shop: the command line names a row by its id alone
SELECT id, shop, at, cause, format || ' ' || file || ': ' || state || ', ' || made || ' of ' || records || ' records new' FROM import WHERE id = :id;
