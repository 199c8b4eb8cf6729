-- today.sql: what the first page of a shop counts. Ids sort by time, so a span of time is a range of ids.

-- name: today_orders
-- Orders placed since :day, and in the time of the same length before, which began at :before. What was imported keeps
-- its day.
SELECT count(CASE WHEN placed_at >= :day THEN 1 END), count(CASE WHEN placed_at < :day THEN 1 END)
FROM orders WHERE shop = :shop AND placed_at >= :before;

-- name: today_messages
-- Messages of the day and of the one before, by what became of them.
SELECT count(CASE WHEN state = 'accepted' AND id >= :day THEN 1 END),
    count(CASE WHEN state = 'accepted' AND id < :day THEN 1 END),
    count(CASE WHEN state = 'excluded' AND reason = 'not_live' AND id >= :day THEN 1 END),
    count(CASE WHEN state = 'excluded' AND reason NOT IN ('not_live', 'test_order', 'history') AND id >= :day THEN 1 END)
FROM message WHERE shop = :shop AND id >= :before;

-- name: today_trouble
-- Messages of a week that did not arrive: refused for good, and those of which nobody knows.
SELECT count(CASE WHEN state = 'failed' THEN 1 END), count(CASE WHEN state = 'unknown' THEN 1 END)
FROM message WHERE shop = :shop AND id >= :week AND state IN ('failed', 'unknown');

-- name: today_waiting
-- Messages that are ready to leave, and how many of them were tried before.
SELECT count(*), count(CASE WHEN attempts > 0 THEN 1 END), min(at) FROM message WHERE shop = :shop AND state = 'ready';

-- name: today_waiting_words
-- What the server said last to one that waits.
SELECT words FROM message WHERE shop = :shop AND state = 'ready' AND words IS NOT NULL ORDER BY id DESC LIMIT 1;

-- name: today_unread
-- What the shop system sent and we could not read, and why.
SELECT count(*), max(id) FROM inbox WHERE shop = :shop AND state IN ('unread', 'aside');

-- name: today_unread_why
-- Of one of them.
SELECT reason FROM inbox WHERE shop = :shop AND id = :id;

-- name: today_any_order
-- Has anything come in at all?
SELECT max(id) FROM orders WHERE shop = :shop;
