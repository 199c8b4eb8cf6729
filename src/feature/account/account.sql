-- account.sql: who may sign in, and who is signed in. Users, links and sessions have shop 0.

-- name: user_count
-- How many there are that can sign in.
SELECT count(*) FROM users WHERE shop = :shop AND password IS NOT NULL;

-- name: user_find
-- By the address.
SELECT id, email, name, password FROM users WHERE shop = :shop AND email = :email;

-- name: user_get
-- By the id.
SELECT id, email, name, password FROM users WHERE shop = :shop AND id = :id;

-- name: user_append
-- Somebody new, who cannot sign in before a password is set.
INSERT INTO users (id, shop, at, email, name) VALUES (:id, :shop, :at, :email, :name);

-- name: user_password
-- Sets the password.
UPDATE users SET password = :password, password_at = :at WHERE shop = :shop AND id = :id;

-- name: user_name
-- How colleagues know them.
UPDATE users SET name = :name WHERE shop = :shop AND id = :id;

-- name: user_drop
-- Nobody has a role for them any more.
-- all shops of user_role: whoever has a role anywhere stays
DELETE FROM users WHERE shop = :shop AND id = :id AND NOT EXISTS (SELECT 1 FROM user_role WHERE user_id = users.id);

-- name: user_role_get
-- What somebody may do in a shop: the better of this shop's role and of the one for every shop.
SELECT min(role) FROM user_role WHERE (shop = :shop OR shop = 0) AND user_id = :user_id;

-- name: user_role_own
-- What somebody may do by a role of this shop alone.
SELECT role FROM user_role WHERE shop = :shop AND user_id = :user_id;

-- name: user_role_save
-- Gives a role, or another one.
INSERT INTO user_role (shop, user_id, at, role) VALUES (:shop, :user_id, :at, :role)
ON CONFLICT (shop, user_id) DO UPDATE SET at = excluded.at, role = excluded.role;

-- name: user_role_drop
-- Takes the role.
DELETE FROM user_role WHERE shop = :shop AND user_id = :user_id;

-- name: user_role_elsewhere
-- In how many other shops they have one.
-- any shop: whoever is of another shop too is not this one's to reset
SELECT count(*) FROM user_role WHERE user_id = :user_id AND shop <> :here;

-- name: user_owners
-- How many owners a shop has who can sign in, this one user left out.
-- all shops of users: accounts are the installation's, their roles are of shops
SELECT count(*) FROM user_role AS r JOIN users AS u ON u.id = r.user_id
WHERE (r.shop = :shop OR r.shop = 0) AND r.role = 'owner' AND u.password IS NOT NULL AND u.id <> :user_id;

-- name: user_shops
-- Where somebody may look: 0 is everywhere.
-- any shop: this is the question
SELECT shop, role FROM user_role WHERE user_id = :user_id ORDER BY shop;

-- name: user_of_shop
-- Who may come into a shop, those of every shop too.
-- all shops of users: accounts are the installation's, their roles are of shops
SELECT u.id, u.email, u.name, min(r.role), u.password IS NOT NULL, max(s.seen_at), min(r.shop)
FROM user_role AS r JOIN users AS u ON u.id = r.user_id LEFT JOIN session AS s ON s.user_id = u.id AND s.shop = 0
WHERE r.shop = :shop OR r.shop = 0
GROUP BY u.id, u.email, u.name, u.password ORDER BY u.name, u.email;

-- name: user_all
-- Everybody with every role, for the command line.
-- any shop: the installation's own list
SELECT u.email, u.name, r.shop, r.role, u.password IS NOT NULL FROM users AS u LEFT JOIN user_role AS r ON r.user_id = u.id
ORDER BY u.email, r.shop;

-- name: user_link_append
-- A link that sets a password once.
INSERT INTO user_link (id, shop, at, user_id, hash, expires_at) VALUES (:id, :shop, :at, :user_id, :hash, :expires_at);

-- name: user_link_find
-- Where it leads. One for the first owner has no user.
SELECT l.user_id, l.expires_at, u.email, u.name FROM user_link AS l LEFT JOIN users AS u ON u.shop = l.shop AND u.id = l.user_id
WHERE l.shop = :shop AND l.hash = :hash;

-- name: user_link_use
-- Once.
DELETE FROM user_link WHERE shop = :shop AND hash = :hash AND expires_at > :now;

-- name: user_link_drop_of
-- All links of somebody: a newer one, or a password, makes them void.
DELETE FROM user_link WHERE shop = :shop AND user_id = :user_id;

-- name: user_link_drop_first
-- All links for the first owner.
DELETE FROM user_link WHERE shop = :shop AND user_id IS NULL;

-- name: user_link_drop_old
-- Those that have run out.
DELETE FROM user_link WHERE shop = :shop AND expires_at <= :now;

-- name: session_append
-- Somebody signed in.
INSERT INTO session (id, shop, at, user_id, hash, seen_at, address, agent)
VALUES (:id, :shop, :at, :user_id, :hash, :at, :address, :agent);

-- name: session_find
-- Who sent this cookie.
SELECT s.id, s.at, s.seen_at, u.id, u.email, u.name FROM session AS s JOIN users AS u ON u.shop = s.shop AND u.id = s.user_id
WHERE s.shop = :shop AND s.hash = :hash;

-- name: session_of
-- Where somebody is signed in, the latest first.
SELECT id, at, seen_at, address, agent FROM session
WHERE shop = :shop AND user_id = :user_id AND at > :since AND seen_at > :idle ORDER BY seen_at DESC, id DESC LIMIT 100;

-- name: session_touch
-- It was used.
UPDATE session SET seen_at = :seen_at WHERE shop = :shop AND id = :id AND seen_at < :seen_at;

-- name: session_drop
-- One of somebody's ends.
DELETE FROM session WHERE shop = :shop AND user_id = :user_id AND id = :id;

-- name: session_drop_others
-- All but this one; with 0, all.
DELETE FROM session WHERE shop = :shop AND user_id = :user_id AND id <> :id;

-- name: session_drop_old
-- Those that have run out.
DELETE FROM session WHERE shop = :shop AND (at <= :since OR seen_at <= :idle);

-- name: floor_account
-- The greatest ids, so that none is given twice after a clock went back.
-- any shop: ids are the installation's
SELECT (SELECT max(id) FROM users), (SELECT max(id) FROM user_link), (SELECT max(id) FROM session);
