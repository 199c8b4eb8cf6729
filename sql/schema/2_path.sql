-- The path: rows that cause rows. Every row has shop, id, at and cause (the id of the row that caused it;
-- ids carry their kind, so a cause names its table). What waits for its stage is in a partial index, which
-- stays as small as the backlog.

-- Stage 1. What the world sent us, byte for byte, before we answered 2xx.
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause INTEGER,                  -- a replayed row names its original
    connector TEXT NOT NULL,        -- row of connectors.def
    topic TEXT NOT NULL,            -- the sender's name for what happened: orders/create
    delivery TEXT NOT NULL,         -- the sender's id of this delivery, repeated when it repeats itself; where
                                    -- it sends none, the keyed hash of the body
    body_bytes INTEGER NOT NULL,    -- of the raw body, which is in inbox_body until retention takes it
    state TEXT NOT NULL,            -- new, done, same (nothing new in it), early (it
                                    -- waits for its order or shipment), unread (we could not), aside
    reason TEXT                     -- in words, for same, unread and aside
) STRICT;
CREATE UNIQUE INDEX inbox_delivery ON inbox (shop, connector, delivery);
CREATE INDEX inbox_new ON inbox (id) WHERE state = 'new';
CREATE INDEX inbox_unread ON inbox (shop, id) WHERE state IN ('unread', 'aside');

-- Bodies have tables of their own: rows are written again and again while they go their way, bodies once.
CREATE TABLE inbox_body (
    id INTEGER PRIMARY KEY,         -- of the inbox row
    shop INTEGER NOT NULL,
    body BLOB NOT NULL              -- zstd; its frame names the dictionary it needs, if any
) STRICT;

-- What bodies of one name share: what was packed with it cannot be read without it, so a row stays as long as a
-- body names it. It holds only what stands in the bodies of eight people or more (engine/pack_learn.h).
CREATE TABLE dictionary (
    id INTEGER PRIMARY KEY,         -- zstd's id of a dictionary: 32768 and up, the newest is the greatest
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,             -- inbox, message
    name TEXT NOT NULL,             -- connector and topic; template and language
    bytes BLOB NOT NULL             -- as zstd wants it
) STRICT;
CREATE INDEX dictionary_name ON dictionary (shop, kind, name, id);

-- Stage 2. What happened, in our words (events.def).
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,            -- when we learned of it
    cause INTEGER,                  -- inbox row, or the run that made it
    kind TEXT NOT NULL,             -- row of events.def: order.placed
    happened_at INTEGER NOT NULL,   -- when it happened, by the sender's word
    order_id INTEGER,
    customer_id INTEGER,
    subject_id INTEGER,             -- what it is about, if not the order: a shipment, a refund
    state TEXT NOT NULL             -- new, done, aside; history: told of the past, nothing starts from it
) STRICT;
CREATE INDEX event_new ON event (id) WHERE state = 'new';
CREATE INDEX event_aside ON event (shop, id) WHERE state = 'aside';
CREATE INDEX event_cause ON event (cause);
CREATE INDEX event_order ON event (shop, order_id, id);

-- Stage 3. Where a customer stands in a journey; receipts are built-in journeys of one step (receipts.def).
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause INTEGER NOT NULL,         -- the event that started it
    journey TEXT NOT NULL,          -- name of the journey
    subject INTEGER NOT NULL,       -- what it runs once for: the order, the shipment, the customer
    order_id INTEGER,
    customer_id INTEGER,
    step TEXT NOT NULL,             -- where it stands
    visit INTEGER NOT NULL,         -- how often it has entered this step: loops count up
    entered INTEGER NOT NULL,       -- when it entered this step
    wake INTEGER NOT NULL,          -- not before; 0: at once, whatever the clock says
    state TEXT NOT NULL,            -- waiting, done, ended (left before its last step), aside
    why TEXT                        -- the last word on it
) STRICT;
CREATE UNIQUE INDEX run_once ON run (shop, subject, journey);
CREATE INDEX run_due ON run (wake, id) WHERE state = 'waiting';
CREATE INDEX run_aside ON run (shop, id) WHERE state = 'aside';
CREATE INDEX run_cause ON run (cause);

CREATE TABLE run_step (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause INTEGER NOT NULL,         -- the run
    step TEXT NOT NULL,
    visit INTEGER NOT NULL,
    outcome TEXT NOT NULL,          -- go, wait, end
    why TEXT NOT NULL               -- in plain words
) STRICT;
CREATE UNIQUE INDEX run_step_once ON run_step (cause, step, visit);

-- Stage 4. One message to one address on one channel.
CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause INTEGER NOT NULL,         -- the step that wrote it
    order_id INTEGER,
    customer_id INTEGER,
    class TEXT NOT NULL,            -- transactional, marketing, safety
    lane INTEGER NOT NULL,          -- lanes.def: the lowest number leaves first
    channel TEXT NOT NULL,          -- email
    template TEXT NOT NULL,         -- name of the template
    topic TEXT,                     -- of marketing: topics.def, what the gate asks for
    address TEXT NOT NULL,          -- where it goes
    about INTEGER,                  -- what it tells of, if not the order: a shipment, a refund
    skip TEXT,                      -- what makes it pointless, a word of skips.def: cancelled, arrived
    locale TEXT,                    -- BCP 47: what its words were written in
    legal_id INTEGER,               -- the version of the legal text that it carries
    state TEXT NOT NULL,            -- new (no words yet), ready, claimed, accepted, failed, excluded, unknown, aside
    reason TEXT,                    -- for excluded and failed, a row of reasons.def: suppressed, not_live
    words TEXT,                     -- the same for people, or the server's last words
    next_at INTEGER NOT NULL,       -- not before; 0: at once, whatever the clock says
    not_after INTEGER NOT NULL,     -- after this it is no use to anybody and expires
    attempts INTEGER NOT NULL,      -- tries that counted against it; a throttled sender's do not
    subject TEXT,                   -- words fixed, from here on; the whole message is in message_body
    body_bytes INTEGER,
    body_hash BLOB                  -- SHA-256 of the whole message, made when retention takes the body
) STRICT;
CREATE INDEX message_new ON message (lane, id) WHERE state = 'new';
CREATE INDEX message_due ON message (shop, lane, next_at, id) WHERE state = 'ready';
CREATE INDEX message_cause ON message (cause);
CREATE INDEX message_order ON message (shop, order_id, id);

CREATE TABLE message_body (
    id INTEGER PRIMARY KEY,         -- of the message
    shop INTEGER NOT NULL,
    body BLOB NOT NULL              -- the whole message as sent, zstd
) STRICT;

-- Stage 5. Each attempt to bring a message to the world, and its answer.
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,            -- when it was claimed
    cause INTEGER NOT NULL,         -- the message
    attempt INTEGER NOT NULL,       -- 1, 2, 3 ... of those that count; one throttled or never begun has the next one's
    sender TEXT NOT NULL,           -- which server: catcher, smtp://host:port
    state TEXT NOT NULL,            -- claimed, accepted, deferred, refused, throttled, not_sent, unknown
    code INTEGER,                   -- SMTP reply code
    enhanced TEXT,                  -- RFC 3463: 5.1.1
    words TEXT,                     -- the server's own words
    finished_at INTEGER             -- when the answer came
) STRICT;
CREATE INDEX delivery_cause ON delivery (cause);
CREATE INDEX delivery_claimed ON delivery (id) WHERE state = 'claimed';

-- What comes back: bounces, replies, clicks; one row each, then events.
CREATE TABLE receipt (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause INTEGER NOT NULL,         -- the delivery it answers; where none is known, the inbox row that told of it
    inbox_id INTEGER,               -- what told of it; NULL: the server, at SMTP time
    kind TEXT NOT NULL,             -- bounce, soft_bounce, delayed, delivered, complaint, told, reply, auto_reply,
                                    -- unsubscribe, mail
    state TEXT NOT NULL,            -- new, done
    address TEXT,                   -- normalised; NULL where it does not prove whose it is
    words TEXT
) STRICT;
CREATE INDEX receipt_cause ON receipt (cause);
CREATE INDEX receipt_address ON receipt (shop, address, id) WHERE address IS NOT NULL;
CREATE INDEX receipt_new ON receipt (id) WHERE state = 'new';

-- What a sending server has taught us about its limits; kept, so that a restart does not relearn it.
CREATE TABLE sender (
    shop INTEGER NOT NULL,
    name TEXT NOT NULL,             -- smtp://host:port
    at INTEGER NOT NULL,            -- when this was written
    rate REAL NOT NULL,             -- mails a second; 0: not limited
    knee REAL NOT NULL,             -- where the last throttle met us, mails a second
    paused_until INTEGER NOT NULL,
    throttles INTEGER NOT NULL,     -- in a row
    words TEXT,                     -- what it said last time it slowed us
    PRIMARY KEY (shop, name)
) STRICT, WITHOUT ROWID;
