-- What programs need that speak to the API.

-- A key of a program, of one shop. The key itself is known to the program alone.
CREATE TABLE api_key (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    name TEXT NOT NULL,             -- whose it is, in the owner's words
    hash BLOB NOT NULL,             -- SHA-256 of the key, which has 256 random bits
    scopes TEXT NOT NULL,           -- orders:read orders:write ..., between blanks
    revoked_at INTEGER,             -- it opens nothing any more
    ends_at INTEGER                 -- nor from then on; NULL: it has no end
) STRICT;
CREATE UNIQUE INDEX api_key_hash ON api_key (hash);
CREATE INDEX api_key_shop ON api_key (shop, id);

-- What was posted under which Idempotency-Key: the same again gets the same answer, another body is refused.
CREATE TABLE api_post (
    shop INTEGER NOT NULL,
    delivery TEXT NOT NULL,         -- as in inbox
    at INTEGER NOT NULL,
    inbox_id INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,      -- keyed hash of the noun and the body
    PRIMARY KEY (shop, delivery)
) STRICT, WITHOUT ROWID;

-- What a shop told of an event of its own (event.kind shop.NAME).
CREATE TABLE happening (
    id INTEGER PRIMARY KEY,         -- of the event
    shop INTEGER NOT NULL,
    position INTEGER NOT NULL,      -- in the delivery that told it: read twice, it is learned once
    email TEXT,                     -- whom it concerns, where no customer is known by it; in small letters
    properties TEXT                 -- JSON object
) STRICT;
CREATE INDEX happening_email ON happening (shop, email) WHERE email IS NOT NULL;
CREATE INDEX event_own ON event (shop, id) WHERE kind LIKE 'shop.%' AND kind <> 'shop.disconnected';
