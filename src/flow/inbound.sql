-- inbound.sql: what comes back.

-- name: inbound_message
-- The message that something answers, and its newest delivery.
SELECT order_id, customer_id, address, coalesce((SELECT max(d.id) FROM delivery AS d WHERE d.shop = :shop AND d.cause = :id), 0)
FROM message WHERE shop = :shop AND id = :id;

-- name: inbound_soft
-- How many different mails to an address came back for a reason of the moment, since its last sign of life and since
-- somebody took a suppression back.
SELECT count(DISTINCT r.cause) FROM receipt AS r WHERE r.shop = :shop AND r.address = :address AND r.kind = 'soft_bounce'
    AND r.at >= :since
    AND r.id > coalesce((SELECT max(l.id) FROM receipt AS l WHERE l.shop = :shop AND l.address = :address
        AND l.kind IN ('delivered', 'reply', 'auto_reply')), 0)
    AND r.at > coalesce((SELECT max(s.lifted_at) FROM suppression AS s WHERE s.shop = :shop AND s.channel = 'email'
        AND s.address = :address), 0);

-- name: inbound_suppressed
-- Whether an address is suppressed already, at least as widely.
SELECT 1 FROM suppression WHERE shop = :shop AND channel = 'email' AND address = :address AND lifted_at IS NULL
    AND scope IN ('all', :scope) LIMIT 1;

-- name: inbound_shop
-- The shop of a message that a signed return path names.
-- any shop: the token names it
SELECT shop FROM message WHERE id = :id;
