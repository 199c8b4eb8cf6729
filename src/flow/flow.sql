-- flow.sql: what the flow asks at its start.

-- name: floors
-- The greatest ids ever given out, table by table; ids never go backwards.
-- any shop: ids are the installation's
SELECT (SELECT max(id) FROM inbox), (SELECT max(id) FROM event), (SELECT max(id) FROM run), (SELECT max(id) FROM
    run_step), (SELECT max(id) FROM message), (SELECT max(id) FROM delivery), (SELECT max(id) FROM receipt), (SELECT
    max(id) FROM customer), (SELECT max(id) FROM orders), (SELECT max(id) FROM order_line), (SELECT max(id) FROM
    product), (SELECT max(id) FROM consent), (SELECT max(id) FROM suppression), (SELECT max(id) FROM company), (SELECT
    max(id) FROM merge), (SELECT max(id) FROM variant), (SELECT max(id) FROM coupon), (SELECT max(id) FROM shipment),
    (SELECT max(id) FROM parcel), (SELECT max(id) FROM shipment_line), (SELECT max(id) FROM scan), (SELECT max(id) FROM
    refund), (SELECT max(id) FROM refund_line), (SELECT max(id) FROM privacy_ask), (SELECT max(id) FROM legal_hold), (SELECT
    max(id) FROM legal_text), (SELECT max(id) FROM import), (SELECT max(id) FROM api_key);

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
