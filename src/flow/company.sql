-- company.sql: whom several people buy for.

-- name: company_known
-- A company by the shop system's id, or by its name in small letters.
SELECT id FROM company WHERE shop = :shop AND source = :source AND foreign_id = :foreign_id;

-- name: company_rename
-- As it is called today.
UPDATE company SET name = :name WHERE shop = :shop AND id = :id AND name <> :name;

-- name: company_append
-- A company that we hear of for the first time.
INSERT INTO company (id, shop, at, cause, source, foreign_id, name)
VALUES (:id, :shop, :at, :cause, :source, :foreign_id, :name);
