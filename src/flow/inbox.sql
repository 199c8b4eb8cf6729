-- inbox.sql: stage 1, what the world sent us.

-- name: inbox_append
-- Keeps a delivery; a delivery id that came before changes nothing.
INSERT INTO inbox (id, shop, at, cause, connector, topic, delivery, body_bytes, state)
VALUES (:id, :shop, :at, :cause, :connector, :topic, :delivery, :body_bytes, 'new')
ON CONFLICT (shop, connector, delivery) DO NOTHING;

-- name: inbox_take
-- The oldest deliveries that nobody has read. :limit
-- any shop: the flow works for all shops in one turn
SELECT i.id, i.shop, i.connector, i.topic, b.body FROM inbox AS i
LEFT JOIN inbox_body AS b ON b.shop = i.shop AND b.id = i.id WHERE i.state = 'new' ORDER BY i.id LIMIT :limit;

-- name: inbox_finish
-- What became of it: done, same, unread or aside.
UPDATE inbox SET state = :state, reason = :reason WHERE shop = :shop AND id = :id AND state = 'new';

-- name: inbox_replay
-- Reads it once more: after a repair, or by the owner's wish.
UPDATE inbox SET state = 'new', reason = NULL
WHERE shop = :shop AND id = :id AND state IN ('unread', 'aside')
    AND EXISTS (SELECT 1 FROM inbox_body AS b WHERE b.shop = :shop AND b.id = :id);

-- name: inbox_unread
-- What could not be read, newest first, for the owner's list. :before is the last id of the page before.
SELECT id, at, connector, topic, body_bytes, state, reason FROM inbox
WHERE shop = :shop AND state IN ('unread', 'aside') AND id < :before ORDER BY id DESC LIMIT :limit;
