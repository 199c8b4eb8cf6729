-- list.sql: what `postlude list` prints of a shop's rows.

-- name: list_messages
-- The newest messages with what became of them. :before, :limit
SELECT id, at, address, template, state, coalesce(reason, ''), coalesce(words, ''), coalesce(subject, '') FROM message
WHERE shop = :shop AND id < :before ORDER BY id DESC LIMIT :limit;

-- name: list_aside
-- What could not be worked on, the newest first: `replay` tries it again.
-- walks: asked for by hand; what was put aside of messages has no index
SELECT id, at, kind AS what, '' AS words FROM event WHERE shop = :shop AND state = 'aside'
UNION ALL SELECT id, at, journey AS what, coalesce(why, '') AS words FROM run WHERE shop = :shop AND state = 'aside'
UNION ALL SELECT id, at, template AS what, coalesce(words, '') AS words FROM message
    WHERE shop = :shop AND state = 'failed' AND reason IN ('aside', 'not_rendered')
ORDER BY 1 DESC LIMIT :limit;

-- name: list_mailboxes
-- Mailboxes that are read for a shop: its own, and the installation's.
SELECT kind, place, coalesce(polled_at, 0), taken, failures, coalesce(reason, '') FROM mailbox
WHERE shop = :shop OR shop = 0 ORDER BY shop DESC, kind;
