-- merge.sql: two customers that are one person.

-- name: merge_candidates
-- Who has the same address and stands for itself: the guest of an account, the accounts of a guest; not those that
-- somebody parted from this one. Two rows are enough to know that it is not one.
SELECT other.id, other.source = 'guest' FROM customer AS other
WHERE other.shop = :shop AND other.email_key = :email_key AND other.id <> :customer AND other.merged_into IS NULL
    AND (other.source = 'guest') <>
        (SELECT source = 'guest' FROM customer AS this WHERE this.shop = :shop AND this.id = :customer)
    AND NOT EXISTS (SELECT 1 FROM merge WHERE merge.shop = :shop AND merge.undone_at IS NOT NULL
        AND merge.from_id IN (other.id, :customer) AND merge.into_id IN (other.id, :customer))
LIMIT 2;

-- name: merge_point
-- From stands behind into, with all that stood behind from.
UPDATE customer SET merged_into = :into_id WHERE shop = :shop AND (id = :from_id OR merged_into = :from_id);

-- name: merge_append
-- The log of it.
INSERT INTO merge (id, shop, at, cause, from_id, into_id, reason)
VALUES (:id, :shop, :at, :cause, :from_id, :into_id, :reason);

-- name: merge_person
-- The customer that stands for this one.
SELECT coalesce(merged_into, id) FROM customer WHERE shop = :shop AND id = :id;

-- name: merge_account
-- An account by the shop system's id, and who stands for it.
SELECT id, coalesce(merged_into, id), erased_at FROM customer
WHERE shop = :shop AND source = :source AND foreign_id = :foreign_id;

-- name: merge_taken_back
-- Did somebody part these two, or those who stood for them, after the shop system had merged them?
SELECT count(*) FROM merge
WHERE shop = :shop AND from_id IN (:from_id, :from_person) AND into_id IN (:into_id, :into_person) AND reason = 'shop_system'
    AND undone_at IS NOT NULL;

-- name: merge_part
-- It stands for itself again.
UPDATE customer SET merged_into = NULL WHERE shop = :shop AND id = :from_id AND merged_into IS NOT NULL;

-- name: merge_follow
-- Those who stood behind it before it stood behind another go with it.
WITH RECURSIVE behind (id) AS (
    SELECT id FROM customer WHERE shop = :shop AND id = :from_id
    UNION SELECT c.id FROM behind AS b CROSS JOIN customer AS c JOIN merge AS m ON m.shop = c.shop AND m.from_id = c.id
    WHERE c.shop = :shop AND c.merged_into = :into_id AND m.into_id = b.id AND m.undone_at IS NULL)
UPDATE customer SET merged_into = :from_id WHERE shop = :shop AND id <> :from_id AND id IN (SELECT id FROM behind);

-- name: merge_undone
-- The log of that.
UPDATE merge SET undone_at = :at WHERE shop = :shop AND from_id = :from_id AND undone_at IS NULL;
