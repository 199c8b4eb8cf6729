-- Tables that somebody imported: one row each, and how far it came. Its id is the cause of what it told us first.

CREATE TABLE import (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,            -- when it began
    cause INTEGER,
    format TEXT NOT NULL,           -- row of formats.def
    file TEXT NOT NULL,             -- where it lay; - for standard input
    spool TEXT,                     -- where standard input is kept until it is done
    hash BLOB NOT NULL,             -- keyed, over the file's SHA-256, the map and how it is read: the same again goes on
    bytes INTEGER NOT NULL,         -- of the file
    options TEXT NOT NULL,          -- JSON: map, encoding, delimiter, as they were asked for
    as_live INTEGER NOT NULL,       -- 1: what it told counts as new, and journeys start from it
    state TEXT NOT NULL,            -- open (not at its end), done, undoing, undone
    records INTEGER NOT NULL,       -- done; of these were:
    made INTEGER NOT NULL,          -- heard of for the first time
    changed INTEGER NOT NULL,
    same INTEGER NOT NULL,
    older INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    versions INTEGER NOT NULL,      -- 1: its facts have versions
    rejects TEXT,                   -- the file of rejected records: holds what it names; erasure visits it
    rejects_bytes INTEGER NOT NULL, -- of it that belong to the records done
    finished_at INTEGER
) STRICT;
CREATE UNIQUE INDEX import_hash ON import (shop, hash) WHERE state <> 'undone';
