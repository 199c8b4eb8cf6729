-- erase.sql: where somebody's traces stand.
-- walks: an erasure is rare and has to look everywhere; the flow asks when nothing else is to be done

-- name: erase_ask
-- The oldest asking for erasure that is not done.
-- any shop: the flow works for all shops in one turn
SELECT id, shop, kind, source, customer_foreign_id, email, phone, orders, gathered, receipt, at FROM privacy_ask
WHERE state = 'new' AND kind IN ('erase', 'erase_shop') ORDER BY id LIMIT 1;

-- name: erase_gathered
-- What the person is known by, before the first trace of it goes.
UPDATE privacy_ask SET gathered = :gathered WHERE shop = :shop AND id = :id AND state = 'new';

-- name: erase_progress
-- The receipt so far.
UPDATE privacy_ask SET receipt = :receipt WHERE shop = :shop AND id = :id AND state = 'new';

-- name: erase_customers
-- The person's customers: ids, addresses and telephones by which raw deliveries are known. :limit
SELECT foreign_id, email_key, phone, source FROM customer WHERE shop = :shop AND id IN (
    SELECT c.id FROM customer AS c WHERE c.shop = :shop AND ((c.source = :source AND c.foreign_id = :foreign_id AND c.foreign_id <> '') OR (c.email_key = :email_key AND c.email_key <> ''))
    UNION SELECT m.id FROM customer AS c JOIN customer AS m ON m.shop = c.shop AND (m.merged_into = coalesce(c.merged_into, c.id) OR m.id = c.merged_into)
    WHERE c.shop = :shop AND ((c.source = :source AND c.foreign_id = :foreign_id AND c.foreign_id <> '') OR (c.email_key = :email_key AND c.email_key <> ''))) LIMIT :limit;

-- name: erase_order_traces
-- The same of the person's orders. :limit
SELECT DISTINCT o.foreign_id, lower(o.email), o.phone FROM orders AS o WHERE o.shop = :shop AND (o.customer_id IN (
    SELECT c.id FROM customer AS c WHERE c.shop = :shop AND ((c.source = :source AND c.foreign_id = :foreign_id AND c.foreign_id <> '') OR (c.email_key = :email_key AND c.email_key <> ''))
    UNION SELECT m.id FROM customer AS c JOIN customer AS m ON m.shop = c.shop AND (m.merged_into = coalesce(c.merged_into, c.id) OR m.id = c.merged_into)
    WHERE c.shop = :shop AND ((c.source = :source AND c.foreign_id = :foreign_id AND c.foreign_id <> '') OR (c.email_key = :email_key AND c.email_key <> ''))) OR (lower(o.email) = :email_key AND o.email <> '')) LIMIT :limit;

-- name: erase_orders
-- Orders of the person, or of the whole shop, that are not erased yet. :limit
SELECT o.id, o.placed_at, o.name, o.email, o.ship_to, o.bill_to FROM orders AS o
WHERE o.shop = :shop AND o.erased_at IS NULL AND (o.customer_id IN (
    SELECT c.id FROM customer AS c WHERE c.shop = :shop AND ((c.source = :source AND c.foreign_id = :foreign_id AND c.foreign_id <> '') OR (c.email_key = :email_key AND c.email_key <> ''))
    UNION SELECT m.id FROM customer AS c JOIN customer AS m ON m.shop = c.shop AND (m.merged_into = coalesce(c.merged_into, c.id) OR m.id = c.merged_into)
    WHERE c.shop = :shop AND ((c.source = :source AND c.foreign_id = :foreign_id AND c.foreign_id <> '') OR (c.email_key = :email_key AND c.email_key <> ''))) OR (lower(o.email) = :email_key AND o.email <> '') OR :whole_shop = 1) LIMIT :limit;

-- name: erase_listed_order
-- An order that the asking names, if it is not erased yet: also one that was told under another address.
SELECT o.id, o.placed_at, o.name, o.email, o.ship_to, o.bill_to, lower(o.email), o.phone FROM orders AS o
WHERE o.shop = :shop AND o.source = :source AND o.foreign_id = :foreign_id AND o.erased_at IS NULL;

-- name: erase_order
-- An order without its person; its page's links are void. Its hash was one of the address, too: who has it could try
-- addresses.
UPDATE orders SET hash = :hash, email = NULL, phone = NULL, ship_to = NULL, bill_to = NULL, note = NULL, url = NULL, tags = NULL,
    discount_codes = NULL, generation = generation + 1, erased_at = :at
WHERE shop = :shop AND id = :order_id;

-- name: erase_parcels
UPDATE parcel SET number = NULL, url = NULL
WHERE shop = :shop AND shipment_id IN (SELECT id FROM shipment WHERE shop = :shop AND order_id = :order_id);

-- name: erase_shipments
-- Their hashes are of the numbers of parcels.
UPDATE shipment SET hash = :hash WHERE shop = :shop AND order_id = :order_id;

-- name: erase_scans
UPDATE scan SET words = NULL, place = NULL, number = ''
WHERE shop = :shop AND shipment_id IN (SELECT id FROM shipment WHERE shop = :shop AND order_id = :order_id)
    AND (words IS NOT NULL OR place IS NOT NULL);

-- name: erase_refunds
UPDATE refund SET note = NULL WHERE shop = :shop AND order_id = :order_id;

-- name: erase_bodies
-- The bodies of an order's messages.
DELETE FROM message_body WHERE shop = :shop AND id IN (SELECT id FROM message WHERE shop = :shop AND order_id = :order_id);

-- name: erase_attempts
-- What servers said may name the address.
UPDATE delivery SET words = NULL
WHERE shop = :shop AND cause IN (SELECT id FROM message WHERE shop = :shop AND order_id = :order_id);

-- name: erase_receipts
UPDATE receipt SET words = NULL WHERE shop = :shop AND cause IN (SELECT id FROM delivery WHERE shop = :shop
    AND cause IN (SELECT id FROM message WHERE shop = :shop AND order_id = :order_id));

-- name: erase_messages_of
-- An order's messages: that they were, not what they said. One that has not left does not leave.
UPDATE message SET address = 'erased', subject = NULL, body_hash = NULL, words = 'The customer''s data was erased.',
    reason = CASE WHEN state IN ('new', 'ready') THEN 'erased' ELSE reason END,
    state = CASE WHEN state IN ('new', 'ready') THEN 'excluded' ELSE state END
WHERE shop = :shop AND order_id = :order_id AND address <> 'erased';

-- name: erase_deliveries_of
-- The raw deliveries that told of an order. Those of which something is still to be read are looked at one by one.
DELETE FROM inbox_body WHERE shop = :shop AND id IN (SELECT e.cause FROM event AS e JOIN inbox AS i ON i.shop = e.shop AND i.id = e.cause
    WHERE e.shop = :shop AND e.order_id = :order_id AND i.state IN ('done', 'same'));

-- name: erase_messages
-- All messages with their addresses, in pieces. :limit
SELECT id, address FROM message WHERE shop = :shop AND id > :after AND address <> 'erased' ORDER BY id LIMIT :limit;

-- name: erase_message
UPDATE message SET address = 'erased', subject = NULL, body_hash = NULL, words = 'The customer''s data was erased.',
    reason = CASE WHEN state IN ('new', 'ready') THEN 'erased' ELSE reason END,
    state = CASE WHEN state IN ('new', 'ready') THEN 'excluded' ELSE state END
WHERE shop = :shop AND id = :id;

-- name: erase_body
DELETE FROM message_body WHERE shop = :shop AND id = :id;

-- name: erase_attempts_of
UPDATE delivery SET words = NULL WHERE shop = :shop AND cause = :id;

-- name: erase_raw
-- All raw deliveries, in pieces; one that nobody has read yet is learned first, which drops it if it is of the past. :limit
SELECT b.id, b.body, i.state FROM inbox_body AS b JOIN inbox AS i ON i.shop = b.shop AND i.id = b.id
WHERE b.shop = :shop AND b.id > :after AND i.state <> 'new' ORDER BY b.id LIMIT :limit;

-- name: erase_delivery
DELETE FROM inbox_body WHERE shop = :shop AND id = :id;

-- name: erase_delivery_words
-- Why it could not be read may name what stood in it; without its body nobody can read it again.
UPDATE inbox SET state = CASE WHEN state IN ('unread', 'aside', 'early') THEN 'same' ELSE state END,
    reason = CASE WHEN reason IS NULL THEN NULL ELSE 'The customer''s data was erased.' END
WHERE shop = :shop AND id = :id AND state <> 'new';

-- name: erase_delivery_reason
-- The same where others stand in it, too, and what is left of it may still be read.
UPDATE inbox SET reason = CASE WHEN state = 'early' THEN reason ELSE 'A customer''s data was erased from it.' END
WHERE shop = :shop AND id = :id;

-- name: erase_told
-- What a program posted under a key of its own making that names the person.
DELETE FROM api_post WHERE shop = :shop AND lower(delivery) LIKE '%' || :address || '%';

-- name: erase_told_names
UPDATE inbox SET delivery = 'erased:' || CAST(id AS TEXT)
WHERE shop = :shop AND connector = 'api' AND lower(delivery) LIKE '%' || :address || '%';

-- name: erase_choices
UPDATE consent SET address = :mark, proof = NULL WHERE shop = :shop AND address = :address;

-- name: erase_answers
-- What came back from an address, and the mails in which it did.
UPDATE receipt SET words = NULL, address = NULL WHERE shop = :shop AND address = :address;

-- name: erase_answer_bodies
DELETE FROM inbox_body WHERE shop = :shop
    AND id IN (SELECT inbox_id FROM receipt WHERE shop = :shop AND address = :address);

-- name: erase_suppressions
UPDATE suppression SET address = :mark WHERE shop = :shop AND address = :address;

-- name: erase_remember
-- No list that is imported again brings the address back.
INSERT INTO suppression (id, shop, at, cause, channel, address, scope, reason)
VALUES (:id, :shop, :at, :cause, 'email', :mark, 'marketing', 'erased');

-- name: erase_happenings
-- What the shop said of its own events that concern the person: by whom, by the address, by the order. After the orders,
-- before the customers.
DELETE FROM happening WHERE shop = :shop AND ((email = :email_key AND :email_key <> '') OR id IN (
    SELECT e.id FROM event AS e WHERE e.shop = :shop AND e.kind LIKE 'shop.%' AND (e.customer_id IN (
    SELECT c.id FROM customer AS c WHERE c.shop = :shop AND ((c.source = :source AND c.foreign_id = :foreign_id AND c.foreign_id <> '') OR (c.email_key = :email_key AND c.email_key <> ''))
    UNION SELECT m.id FROM customer AS c JOIN customer AS m ON m.shop = c.shop AND (m.merged_into = coalesce(c.merged_into, c.id) OR m.id = c.merged_into)
    WHERE c.shop = :shop AND ((c.source = :source AND c.foreign_id = :foreign_id AND c.foreign_id <> '') OR (c.email_key = :email_key AND c.email_key <> '')))
    OR e.order_id IN (SELECT o.id FROM orders AS o WHERE o.shop = :shop AND o.erased_at IS NOT NULL))));

-- name: erase_shop_happenings
DELETE FROM happening WHERE shop = :shop;

-- name: erase_person
-- The person's customers, without the person. A guest's address was its id.
UPDATE customer SET email = NULL, email_key = NULL, phone = NULL, first_name = NULL, last_name = NULL, addresses = NULL,
    tags = NULL, note = NULL, birthday = NULL, zone = NULL, erased_at = :at,
    foreign_id = CASE WHEN source = 'guest' THEN 'erased:' || CAST(id AS TEXT) ELSE foreign_id END
WHERE shop = :shop AND id IN (
    SELECT c.id FROM customer AS c WHERE c.shop = :shop AND ((c.source = :source AND c.foreign_id = :foreign_id AND c.foreign_id <> '') OR (c.email_key = :email_key AND c.email_key <> ''))
    UNION SELECT m.id FROM customer AS c JOIN customer AS m ON m.shop = c.shop AND (m.merged_into = coalesce(c.merged_into, c.id) OR m.id = c.merged_into)
    WHERE c.shop = :shop AND ((c.source = :source AND c.foreign_id = :foreign_id AND c.foreign_id <> '') OR (c.email_key = :email_key AND c.email_key <> '')));

-- name: erase_shop_customers
UPDATE customer SET email = NULL, email_key = NULL, phone = NULL, first_name = NULL, last_name = NULL, addresses = NULL,
    tags = NULL, note = NULL, birthday = NULL, zone = NULL, erased_at = :at,
    foreign_id = CASE WHEN source = 'guest' THEN 'erased:' || CAST(id AS TEXT) ELSE foreign_id END
WHERE shop = :shop AND erased_at IS NULL;

-- name: erase_shop_choices
DELETE FROM consent WHERE shop = :shop;

-- name: erase_shop_suppressions
DELETE FROM suppression WHERE shop = :shop;

-- name: erase_shop_answers
UPDATE receipt SET words = NULL, address = NULL WHERE shop = :shop AND (words IS NOT NULL OR address IS NOT NULL);

-- name: erase_done
-- The asking itself forgets whom it was about.
UPDATE privacy_ask SET state = 'done', finished_at = :at, receipt = :receipt, email = NULL, phone = NULL,
    customer_foreign_id = NULL, orders = NULL, gathered = NULL,
    foreign_id = CASE WHEN foreign_id LIKE '%@%' THEN 'erased:' || CAST(id AS TEXT) ELSE foreign_id END
WHERE shop = :shop AND id = :id;

-- name: erase_exports
-- Who asked for a file of what was kept, and for which: there is nothing to hand out any more.
UPDATE privacy_ask SET state = 'done', finished_at = coalesce(finished_at, :at), email = NULL, phone = NULL,
    customer_foreign_id = NULL, orders = NULL,
    foreign_id = CASE WHEN foreign_id LIKE '%@%' THEN 'erased:' || CAST(id AS TEXT) ELSE foreign_id END
WHERE shop = :shop AND kind = 'export' AND (:whole_shop = 1 OR (email = :email_key AND :email_key <> '')
    OR (source = :source AND customer_foreign_id = :foreign_id AND :foreign_id <> ''));

-- name: legal_hold_append
-- What law obliges to keep of an order.
INSERT INTO legal_hold (id, shop, at, cause, order_id, until, sealed) VALUES (:id, :shop, :at, :cause, :order_id, :until, :sealed)
ON CONFLICT (shop, order_id) DO NOTHING;

-- name: legal_hold_expire
-- Held long enough.
-- any shop: the flow keeps house for all shops
DELETE FROM legal_hold WHERE until < :now;

-- name: erase_again_known
-- Whether the store knows of an asking, as it was made then or later.
SELECT count(*) FROM privacy_ask WHERE shop = :shop AND id = :id AND at >= :at;

-- name: erase_again_drop
-- An older asking in the same row: the list tells of a later one.
DELETE FROM privacy_ask WHERE shop = :shop AND id = :id;

-- name: erase_again_customers
-- Everybody who is there, to be looked for in the list of who was erased.
-- any shop: a restore is of the installation
SELECT shop, source, foreign_id, email_key FROM customer WHERE erased_at IS NULL;

-- name: erase_again_orders
-- any shop: a restore is of the installation
SELECT shop, source, foreign_id, lower(email) FROM orders WHERE erased_at IS NULL;
