-- flow.sql: what the flow asks at its start.

-- name: floor_inbox
-- The greatest id ever given out; ids never go backwards.
-- any shop: ids are the installation's
SELECT max(id) FROM inbox;

-- name: floor_event
-- any shop: ids are the installation's
SELECT max(id) FROM event;

-- name: floor_run
-- any shop: ids are the installation's
SELECT max(id) FROM run;

-- name: floor_run_step
-- any shop: ids are the installation's
SELECT max(id) FROM run_step;

-- name: floor_message
-- any shop: ids are the installation's
SELECT max(id) FROM message;

-- name: floor_delivery
-- any shop: ids are the installation's
SELECT max(id) FROM delivery;

-- name: floor_receipt
-- any shop: ids are the installation's
SELECT max(id) FROM receipt;

-- name: floor_customer
-- any shop: ids are the installation's
SELECT max(id) FROM customer;

-- name: floor_order
-- any shop: ids are the installation's
SELECT max(id) FROM orders;

-- name: floor_line
-- any shop: ids are the installation's
SELECT max(id) FROM order_line;

-- name: floor_product
-- any shop: ids are the installation's
SELECT max(id) FROM product;

-- name: floor_consent
-- any shop: ids are the installation's
SELECT max(id) FROM consent;

-- name: floor_suppression
-- any shop: ids are the installation's
SELECT max(id) FROM suppression;

-- name: suspect_inbox
-- Whose row it is, to put it aside.
-- any shop: after a crash only the row's id is known
SELECT shop FROM inbox WHERE id = :id;

-- name: suspect_event
-- any shop: after a crash only the row's id is known
SELECT shop FROM event WHERE id = :id;

-- name: suspect_run
-- any shop: after a crash only the row's id is known
SELECT shop FROM run WHERE id = :id;
