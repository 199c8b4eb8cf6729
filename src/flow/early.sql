-- early.sql: deliveries that came before what they speak of.

-- name: early_append
-- This delivery waits for a noun.
INSERT INTO early (shop, source, noun, foreign_id, inbox_id) VALUES (:shop, :source, :noun, :foreign_id, :inbox_id)
ON CONFLICT (shop, source, noun, foreign_id, inbox_id) DO NOTHING;

-- name: early_wake
-- The noun is known: those that wait for it are read again, also where another part of them could not be read. (The +
-- and the coalesce keep SQLite from going through all deliveries of the shop: few or none wait.)
UPDATE inbox SET state = 'new', reason = NULL
WHERE +shop = :shop AND coalesce(state, '') IN ('early', 'unread') AND id IN (
    SELECT inbox_id FROM early
    WHERE shop = :shop AND source = :source AND noun = :noun AND foreign_id = :foreign_id);

-- name: early_drop
-- Nobody waits for it any more.
DELETE FROM early WHERE shop = :shop AND source = :source AND noun = :noun AND foreign_id = :foreign_id;
