-- import.sql: tables that are imported, how far they came, and taking back what they told.

-- name: import_append
-- A table that begins.
INSERT INTO import (id, shop, at, cause, format, file, spool, hash, bytes, options, as_live, state, records, made, changed,
    same, older, rejected, versions, rejects, rejects_bytes)
VALUES (:id, :shop, :at, NULL, :format, :file, :spool, :hash, :bytes, :options, :as_live, 'open', 0, 0, 0, 0, 0, 0, 0, NULL, 0);

-- name: import_by_hash
-- The same table, read in the same way, before.
SELECT id FROM import WHERE shop = :shop AND hash = :hash AND state <> 'undone';

-- name: import_get
-- All of one.
SELECT shop, at, format, file, spool, bytes, options, as_live, state, records, made, changed, same, older, rejected,
    versions, rejects, rejects_bytes, finished_at
FROM import WHERE shop = :shop AND id = :id;

-- name: import_shop
-- Whose it is: an id is all that somebody types who takes one back.
-- any shop: the id names one import, and who may type verbs may see all shops
SELECT shop FROM import WHERE id = :id;

-- name: import_open
-- The newest that is not at its end.
SELECT id FROM import WHERE shop = :shop AND state = 'open' ORDER BY id DESC LIMIT 1;

-- name: import_mark
-- How far it came, in the transaction of what it told.
UPDATE import SET records = :records, made = :made, changed = :changed, same = :same, older = :older, rejected = :rejected,
    versions = :versions, rejects = :rejects, rejects_bytes = :rejects_bytes
WHERE shop = :shop AND id = :id AND state = 'open';

-- name: import_hush_cancelled
-- As live: who hears of an order that was cancelled long ago was never told of it, and needs no mail that it is off.
UPDATE event SET state = 'history' WHERE shop = :shop AND state = 'new' AND cause = :cause AND kind = 'order.cancelled';

-- name: import_finish
-- It is at its end.
UPDATE import SET state = 'done', spool = NULL, finished_at = :at WHERE shop = :shop AND id = :id AND state = 'open';

-- name: import_again
-- From the front, once more.
UPDATE import SET state = 'open', records = 0, made = 0, changed = 0, same = 0, older = 0, rejected = 0, rejects_bytes = 0,
    finished_at = NULL, file = :file, spool = :spool
WHERE shop = :shop AND id = :id AND state = 'done';

-- name: import_spool
-- Standard input lies somewhere else now.
UPDATE import SET spool = :spool WHERE shop = :shop AND id = :id AND state = 'open';

-- name: import_undo_begin
-- From here on it is taken back.
UPDATE import SET state = 'undoing' WHERE shop = :shop AND id = :id AND state IN ('open', 'done');

-- name: import_undo_end
-- Taken back.
UPDATE import SET state = 'undone', finished_at = :at WHERE shop = :shop AND id = :id AND state = 'undoing';

-- name: import_all
-- The imports of a shop, newest first.
SELECT id, at, format, file, state, records, made, changed, same, older, rejected, rejects FROM import
WHERE shop = :shop ORDER BY id DESC LIMIT :limit;

-- name: import_rejects
-- The files of rejected records: they hold what they name.
SELECT rejects FROM import WHERE shop = :shop AND rejects IS NOT NULL AND state <> 'open' ORDER BY id DESC LIMIT :limit;

-- name: import_orders
-- Orders that it told us of first, and whether anybody else had a hand in them since. :versions: its facts have versions,
-- so that one on the order says nothing.
SELECT o.id,
    EXISTS (SELECT 1 FROM run r WHERE r.shop = o.shop AND r.subject = o.id)
        OR EXISTS (SELECT 1 FROM message m WHERE m.shop = o.shop AND m.order_id = o.id),
    EXISTS (SELECT 1 FROM event e WHERE e.shop = o.shop AND e.order_id = o.id AND e.cause IS DISTINCT FROM o.cause)
        OR EXISTS (SELECT 1 FROM shipment s WHERE s.shop = o.shop AND s.order_id = o.id AND s.cause IS DISTINCT FROM o.cause)
        OR EXISTS (SELECT 1 FROM refund f WHERE f.shop = o.shop AND f.order_id = o.id AND f.cause IS DISTINCT FROM o.cause)
        OR (:versions = 0 AND o.updated_at <> 0)
FROM orders o WHERE o.shop = :shop AND o.id > :after AND o.cause = :cause ORDER BY o.id LIMIT :limit;

-- name: import_order_lines_drop
-- The lines of an order that is taken back.
DELETE FROM order_line WHERE shop = :shop AND order_id = :order_id;

-- name: import_order_parcels_drop
-- Its parcels.
DELETE FROM parcel WHERE shop = :shop AND shipment_id IN (SELECT id FROM shipment WHERE shop = :shop AND order_id = :order_id);

-- name: import_order_shipment_lines_drop
-- What was in them.
DELETE FROM shipment_line WHERE shop = :shop
    AND shipment_id IN (SELECT id FROM shipment WHERE shop = :shop AND order_id = :order_id);

-- name: import_order_scans_drop
-- What the carriers said.
DELETE FROM scan WHERE shop = :shop AND shipment_id IN (SELECT id FROM shipment WHERE shop = :shop AND order_id = :order_id);

-- name: import_order_shipments_drop
-- Its shipments.
DELETE FROM shipment WHERE shop = :shop AND order_id = :order_id;

-- name: import_order_refund_lines_drop
-- What was paid back for which line.
DELETE FROM refund_line WHERE shop = :shop AND refund_id IN (SELECT id FROM refund WHERE shop = :shop AND order_id = :order_id);

-- name: import_order_refunds_drop
-- Its refunds.
DELETE FROM refund WHERE shop = :shop AND order_id = :order_id;

-- name: import_order_events_drop
-- What happened to it.
DELETE FROM event WHERE shop = :shop AND order_id = :order_id;

-- name: import_order_drop
-- The order itself.
DELETE FROM orders WHERE shop = :shop AND id = :order_id;

-- name: import_customers
-- Customers that it told us of first, and whether something else needs them now.
SELECT c.id,
    EXISTS (SELECT 1 FROM orders o WHERE o.shop = c.shop AND o.customer_id = c.id),
    EXISTS (SELECT 1 FROM customer m WHERE m.shop = c.shop AND m.merged_into = c.id AND m.cause IS DISTINCT FROM c.cause)
        OR (:versions = 0 AND c.updated_at <> 0)
FROM customer c WHERE c.shop = :shop AND c.id > :after AND c.cause = :cause ORDER BY c.id LIMIT :limit;

-- name: import_customer_unmerge
-- Those who were found to be the same person stand for themselves again.
UPDATE customer SET merged_into = NULL WHERE shop = :shop AND merged_into = :id;

-- name: import_customer_merges_drop
-- That it was found to be another.
DELETE FROM merge WHERE shop = :shop AND from_id = :id;

-- name: import_customer_drop
-- The customer.
DELETE FROM customer WHERE shop = :shop AND id = :id;

-- name: import_products_drop
-- Products that it told us of first and that no line names any more.
-- walks: an import is taken back by hand
DELETE FROM product WHERE shop = :shop AND id > :from AND cause = :cause AND updated_at = 0
    AND id NOT IN (SELECT product_id FROM order_line WHERE shop = :shop AND product_id IS NOT NULL);

-- name: import_products_left
-- Products of it that stay.
SELECT count(*) FROM product WHERE shop = :shop AND id > :from AND cause = :cause;

-- name: import_companies_drop
-- Companies of it for which nobody buys any more.
DELETE FROM company WHERE shop = :shop AND id > :from AND cause = :cause
    AND id NOT IN (SELECT company_id FROM customer WHERE shop = :shop AND company_id IS NOT NULL);

-- name: import_consents_drop
-- Choices that it told.
DELETE FROM consent WHERE shop = :shop AND id > :from AND cause = :cause;

-- name: import_suppressions_drop
-- Addresses that it stopped.
DELETE FROM suppression WHERE shop = :shop AND id > :from AND cause = :cause;

-- name: import_events_drop
-- What it said happened to things that are not there any more.
-- walks: an import is taken back by hand
DELETE FROM event WHERE shop = :shop AND cause = :cause
    AND (order_id IS NULL OR order_id NOT IN (SELECT id FROM orders WHERE shop = :shop))
    AND (customer_id IS NULL OR customer_id NOT IN (SELECT id FROM customer WHERE shop = :shop));
