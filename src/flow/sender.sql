-- sender.sql: what sending servers taught us.

-- name: sender_get
-- What we know of a server's limits.
SELECT rate, paused_until, throttles, words, knee FROM sender WHERE shop = :shop AND name = :name;

-- name: sender_save
-- What we know of it now.
INSERT INTO sender (shop, name, at, rate, knee, paused_until, throttles, words)
VALUES (:shop, :name, :at, :rate, :knee, :paused_until, :throttles, :words)
ON CONFLICT (shop, name) DO UPDATE SET at = excluded.at, rate = excluded.rate, knee = excluded.knee,
    paused_until = excluded.paused_until, throttles = excluded.throttles, words = excluded.words;
