-- stats.sql: counts of an installation or one shop. :shop 0 counts all shops.
-- walks: counts everything, asked for by hand

-- name: stats_nouns
-- any shop: 0 asks for all of them
SELECT (SELECT count(*) FROM customer WHERE :only = 0 OR shop = :only), (SELECT count(*) FROM product WHERE :only = 0 OR shop = :only),
    (SELECT count(*) FROM orders WHERE :only = 0 OR shop = :only), (SELECT count(*) FROM order_line WHERE :only = 0 OR shop = :only),
    (SELECT count(*) FROM event WHERE :only = 0 OR shop = :only);

-- name: stats_messages
-- any shop: 0 asks for all of them
SELECT state, coalesce(reason, ''), count(*) FROM message WHERE :only = 0 OR shop = :only GROUP BY state, reason ORDER BY state, reason;

-- name: stats_inbox
-- any shop: 0 asks for all of them
SELECT state, count(*) FROM inbox WHERE :only = 0 OR shop = :only GROUP BY state ORDER BY state;
