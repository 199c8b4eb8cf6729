-- hold.sql: what the installation remembers of itself; nothing leaves after a restore.

-- name: installation_note
-- any shop: it is about the installation
INSERT INTO installation (key, at, value) VALUES (:key, :at, :value)
ON CONFLICT (key) DO UPDATE SET at = excluded.at, value = excluded.value;

-- name: installation_key
-- any shop: it is about the installation
SELECT value FROM installation WHERE key = 'key_fingerprint';

-- name: hold_since
-- any shop: it is about the installation
SELECT at FROM installation WHERE key = 'hold';

-- name: hold_end
-- any shop: it is about the installation
DELETE FROM installation WHERE key = 'hold';

-- name: hold_overdue
-- What was due before the hold began, or speaks of what happened before: polls tell it again. :since
-- any shop: it is about the installation
SELECT count(*) FROM message WHERE state = 'ready' AND (CASE WHEN next_at > 0 THEN next_at ELSE at END < :since OR EXISTS (
    SELECT 1 FROM run_step AS s JOIN run AS r ON r.shop = s.shop AND r.id = s.cause
    JOIN event AS e ON e.shop = r.shop AND e.id = r.cause
    WHERE s.shop = message.shop AND s.id = message.cause AND e.happened_at < :since));

-- name: hold_drop
-- any shop: it is about the installation
UPDATE message SET state = 'excluded', reason = 'expired',
    words = 'It was due before the data was restored; the owner chose not to send it any more.'
WHERE state = 'ready' AND (CASE WHEN next_at > 0 THEN next_at ELSE at END < :since OR EXISTS (
    SELECT 1 FROM run_step AS s JOIN run AS r ON r.shop = s.shop AND r.id = s.cause
    JOIN event AS e ON e.shop = r.shop AND e.id = r.cause
    WHERE s.shop = message.shop AND s.id = message.cause AND e.happened_at < :since));

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
