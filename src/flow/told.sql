-- told.sql: what programs posted.

-- name: told_known
-- What came under a key before.
SELECT inbox_id, fingerprint FROM api_post WHERE shop = :shop AND delivery = :delivery;

-- name: told_append
-- Remembers under which key it came.
INSERT INTO api_post (shop, delivery, at, inbox_id, fingerprint) VALUES (:shop, :delivery, :at, :inbox_id, :fingerprint);
