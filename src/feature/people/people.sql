-- people.sql: customers as persons: who was merged into somebody stands there.

-- name: people_list
-- Persons, the latest first, with how much they have bought. :before is the last id of the page before.
SELECT c.id, trim(coalesce(c.first_name, '') || ' ' || coalesce(c.last_name, '')), c.email, c.phone, c.source, c.deleted_at,
    (SELECT count(*) FROM orders AS o WHERE o.shop = c.shop AND (o.customer_id = c.id OR o.customer_id IN
        (SELECT m.id FROM customer AS m WHERE m.shop = c.shop AND m.merged_into = c.id))),
    (SELECT max(o.placed_at) FROM orders AS o WHERE o.shop = c.shop AND (o.customer_id = c.id OR o.customer_id IN
        (SELECT m.id FROM customer AS m WHERE m.shop = c.shop AND m.merged_into = c.id)))
FROM customer AS c
WHERE c.shop = :shop AND c.id < :before AND c.merged_into IS NULL
ORDER BY c.id DESC LIMIT :limit;

-- name: people_found
-- The same of those whose address, telephone, name or last name begins with something (from :from to below :to).
SELECT c.id, trim(coalesce(c.first_name, '') || ' ' || coalesce(c.last_name, '')), c.email, c.phone, c.source, c.deleted_at,
    (SELECT count(*) FROM orders AS o WHERE o.shop = c.shop AND (o.customer_id = c.id OR o.customer_id IN
        (SELECT m.id FROM customer AS m WHERE m.shop = c.shop AND m.merged_into = c.id))),
    (SELECT max(o.placed_at) FROM orders AS o WHERE o.shop = c.shop AND (o.customer_id = c.id OR o.customer_id IN
        (SELECT m.id FROM customer AS m WHERE m.shop = c.shop AND m.merged_into = c.id)))
FROM customer AS c
WHERE c.shop = :shop AND c.id < :before AND c.merged_into IS NULL
    AND c.id IN (SELECT id FROM customer WHERE shop = :shop AND email_key >= :from AND email_key < :to
        UNION SELECT id FROM customer WHERE shop = :shop AND phone >= :from AND phone < :to
        UNION SELECT id FROM customer WHERE shop = :shop AND lower(last_name) >= :from AND lower(last_name) < :to
        UNION SELECT id FROM customer WHERE shop = :shop
            AND lower(coalesce(first_name, '') || ' ' || coalesce(last_name, '')) >= :from
            AND lower(coalesce(first_name, '') || ' ' || coalesce(last_name, '')) < :to)
ORDER BY c.id DESC LIMIT :limit;

-- name: people_person
-- Who stands for this customer: itself, or whom it was merged into.
SELECT coalesce(merged_into, id) FROM customer WHERE shop = :shop AND id = :id;

-- name: people_one
-- The person.
SELECT c.id, c.at, trim(coalesce(c.first_name, '') || ' ' || coalesce(c.last_name, '')), c.email, c.email_key, c.phone,
    c.locale, c.source, c.tags, c.note, c.joined_at, c.deleted_at, coalesce(y.name, '')
FROM customer AS c LEFT JOIN company AS y ON y.shop = c.shop AND y.id = c.company_id
WHERE c.shop = :shop AND c.id = :id;

-- name: people_identities
-- Under which accounts and addresses the person is known, and why they are one.
SELECT c.id, c.source, c.foreign_id, c.email, c.at, coalesce((SELECT max(m.reason) FROM merge AS m WHERE m.shop = c.shop
    AND m.from_id = c.id AND m.into_id = c.merged_into AND m.undone_at IS NULL), '')
FROM customer AS c WHERE c.shop = :shop AND (c.id = :id OR c.merged_into = :id) ORDER BY c.id LIMIT :limit;

-- name: people_orders
-- What the person has ordered.
SELECT o.id, o.placed_at, o.name, o.total, o.currency, o.payment, o.fulfilment, o.cancelled_at, o.delivered_at, o.deleted_at,
    o.quiet
FROM orders AS o WHERE o.shop = :shop AND o.customer_id IN (SELECT c.id FROM customer AS c
    WHERE c.shop = :shop AND (c.id = :id OR c.merged_into = :id))
ORDER BY o.placed_at DESC, o.id DESC LIMIT :limit;

-- name: people_messages
-- What the person was written about their orders.
SELECT m.id, m.at, m.template, m.subject, m.address, CASE WHEN m.state = 'accepted' AND EXISTS (SELECT 1 FROM delivery AS d WHERE d.shop = m.shop
    AND d.cause = m.id AND d.state = 'accepted' AND d.sender = 'catcher') THEN 'caught' ELSE m.state END, m.reason
FROM orders AS o JOIN message AS m ON m.shop = o.shop AND m.order_id = o.id
WHERE o.shop = :shop AND o.customer_id IN (SELECT c.id FROM customer AS c
    WHERE c.shop = :shop AND (c.id = :id OR c.merged_into = :id))
ORDER BY m.id DESC LIMIT :limit;

-- name: people_consents
-- What was chosen about being written to, the newest first: its history, too.
-- walks: a page of the owner; the index has the channel before the address
SELECT k.chosen_at, k.channel, k.address, k.topic, k.state, k.basis, k.proof FROM consent AS k
WHERE k.shop = :shop AND k.address IN (SELECT c.email_key FROM customer AS c
    WHERE c.shop = :shop AND (c.id = :id OR c.merged_into = :id))
ORDER BY k.chosen_at DESC, k.id DESC LIMIT :limit;

-- name: people_suppressions
-- Why one of the addresses is not written to.
-- walks: a page of the owner; the list of who is not written to is short beside the others
SELECT s.at, s.address, s.scope, s.reason, s.lifted_at FROM suppression AS s
WHERE s.shop = :shop AND s.address IN (SELECT c.email_key FROM customer AS c
    WHERE c.shop = :shop AND (c.id = :id OR c.merged_into = :id))
ORDER BY s.id DESC LIMIT :limit;
