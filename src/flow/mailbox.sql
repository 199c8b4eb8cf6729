-- mailbox.sql: reading mailboxes.

-- name: mailbox_enroll
-- A mailbox that can be read from now on; one that is another than before begins anew.
INSERT INTO mailbox (shop, kind, place, wake, uidvalidity, uid, taken, failures)
VALUES (:shop, :kind, :place, :wake, 0, 0, 0, 0)
ON CONFLICT (shop, kind) DO UPDATE SET place = excluded.place, wake = excluded.wake, uidvalidity = 0, uid = 0, failures = 0,
    reason = NULL;

-- name: mailbox_place
-- Which one is enrolled, and how often it has failed.
SELECT place, failures FROM mailbox WHERE shop = :shop AND kind = :kind;

-- name: mailbox_hasten
-- Something was set: what failed is tried at once.
UPDATE mailbox SET wake = :now WHERE shop = :shop AND kind = :kind;

-- name: mailbox_forget
-- It is not to be read any more.
DELETE FROM mailbox WHERE shop = :shop AND kind = :kind;

-- name: mailbox_due
-- The one that has waited longest.
-- any shop: one thread reads all mailboxes in turn
SELECT shop, kind, uidvalidity, uid, failures FROM mailbox WHERE wake <= :now ORDER BY wake, shop, kind LIMIT 1;

-- name: mailbox_move
-- A mail is in the inbox: the next one is behind it.
UPDATE mailbox SET uidvalidity = :uidvalidity, uid = :uid, taken = taken + :taken WHERE shop = :shop AND kind = :kind;

-- name: mailbox_settle
-- What became of one look.
UPDATE mailbox SET wake = :wake, polled_at = coalesce(:polled_at, polled_at), failures = :failures, reason = :reason
WHERE shop = :shop AND kind = :kind;
