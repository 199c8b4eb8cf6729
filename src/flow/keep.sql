-- keep.sql: bodies that were kept long enough.

-- name: keep_deliveries
-- Raw deliveries that are too old. What nobody has read yet stays. :limit
SELECT b.id FROM inbox_body AS b JOIN inbox AS i ON i.shop = b.shop AND i.id = b.id
WHERE b.shop = :shop AND b.id < :before AND i.state <> 'new' ORDER BY b.id LIMIT :limit;

-- name: keep_messages
-- Sent mails that are too old. What may still leave stays. :limit
SELECT b.id, b.body FROM message_body AS b JOIN message AS m ON m.shop = b.shop AND m.id = b.id
WHERE b.shop = :shop AND b.id < :before AND m.state NOT IN ('new', 'ready', 'claimed') ORDER BY b.id LIMIT :limit;

-- name: keep_hash
-- What is left of what was sent.
UPDATE message SET body_hash = :hash WHERE shop = :shop AND id = :id;

-- name: disk_note
-- any shop: it is about the installation
INSERT INTO disk_day (day, bytes) VALUES (:day, :bytes) ON CONFLICT (day) DO UPDATE SET bytes = excluded.bytes;

-- name: disk_forget
-- any shop: it is about the installation
DELETE FROM disk_day WHERE day < :before;

-- name: disk_growth
-- The first and the last day that were measured since :since, and how large the store was.
-- any shop: it is about the installation
SELECT min(day), max(day), (SELECT bytes FROM disk_day WHERE day >= :since ORDER BY day LIMIT 1),
    (SELECT bytes FROM disk_day WHERE day >= :since ORDER BY day DESC LIMIT 1)
FROM disk_day WHERE day >= :since;
