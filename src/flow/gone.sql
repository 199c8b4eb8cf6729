-- gone.sql: what the shop system had no more before anybody told us of it.

-- name: gone_append
-- It is gone, and nobody knows it.
INSERT INTO gone (shop, source, noun, foreign_id, gone_at) VALUES (:shop, :source, :noun, :foreign_id, :gone_at)
ON CONFLICT (shop, source, noun, foreign_id) DO UPDATE SET gone_at = excluded.gone_at WHERE gone.gone_at < excluded.gone_at;

-- name: gone_known
-- Since when it is gone.
SELECT gone_at FROM gone WHERE shop = :shop AND source = :source AND noun = :noun AND foreign_id = :foreign_id;

-- name: gone_drop
-- Its own row says so from now on.
DELETE FROM gone WHERE shop = :shop AND source = :source AND noun = :noun AND foreign_id = :foreign_id;
