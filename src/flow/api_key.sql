-- api_key.sql: keys of programs.

-- name: api_key_append
INSERT INTO api_key (id, shop, at, name, hash, scopes, ends_at) VALUES (:id, :shop, :at, :name, :hash, :scopes, :ends_at);

-- name: api_key_revoke
UPDATE api_key SET revoked_at = :at WHERE shop = :shop AND id = :id AND revoked_at IS NULL;

-- name: api_key_find
-- Whose key has this hash.
-- any shop: the key says which
SELECT id, shop, name, scopes, ends_at FROM api_key WHERE hash = :hash AND revoked_at IS NULL;

-- name: api_key_list
-- The keys of a shop, the oldest first.
SELECT id, at, name, scopes, revoked_at, ends_at FROM api_key WHERE shop = :shop ORDER BY id LIMIT :limit;
