-- Who may sign in. Users, their links and their sessions belong to the installation: their shop is 0. What somebody
-- may do in a shop is in user_role. `user` is a word of SQL, so this table has its noun in the plural.

CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,          -- 0
    at INTEGER NOT NULL,
    email TEXT NOT NULL,            -- normalised, all letters small
    name TEXT NOT NULL,             -- as colleagues know them
    password TEXT,                  -- Argon2id with salt and costs; NULL: not set yet, nobody can sign in
    password_at INTEGER             -- when it was last set
) STRICT;
CREATE UNIQUE INDEX users_email ON users (shop, email);

CREATE TABLE user_role (
    shop INTEGER NOT NULL,          -- 0: every shop of the installation, those to come too
    user_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    role TEXT NOT NULL,             -- owner, viewer
    PRIMARY KEY (shop, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_role_user ON user_role (user_id);

-- A link that sets a password once: for the first owner, for those who are invited, for who forgot it.
CREATE TABLE user_link (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,          -- 0
    at INTEGER NOT NULL,
    user_id INTEGER,                -- NULL: makes the first owner
    hash BLOB NOT NULL,             -- SHA-256 of the secret in the link: a stolen store opens nothing
    expires_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX user_link_hash ON user_link (shop, hash);

CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,          -- 0
    at INTEGER NOT NULL,            -- of the sign-in
    user_id INTEGER NOT NULL,
    hash BLOB NOT NULL,             -- SHA-256 of the secret in the cookie
    seen_at INTEGER NOT NULL,       -- last used, to a few minutes
    address TEXT NOT NULL,          -- where the sign-in came from, for the list of one's own sessions
    agent TEXT NOT NULL             -- the browser's name for itself
) STRICT;
CREATE UNIQUE INDEX session_hash ON session (shop, hash);
CREATE INDEX session_of_user ON session (shop, user_id);
