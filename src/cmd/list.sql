-- list.sql: what `postlude list` prints of a shop's rows.

-- name: list_messages
-- The newest messages with what became of them. :before, :limit
SELECT id, at, address, template, state, coalesce(reason, ''), coalesce(words, ''), coalesce(subject, '') FROM message
WHERE shop = :shop AND id < :before ORDER BY id DESC LIMIT :limit;
