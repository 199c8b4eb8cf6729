-- hold.sql: nothing leaves after a restore.

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
