-- Where we stand in asking the shop systems for what their webhooks did not bring (flow/poll.h).

CREATE TABLE poll (
    shop INTEGER NOT NULL,
    connector TEXT NOT NULL,        -- row of connectors.def
    noun TEXT NOT NULL,             -- what is asked for, in the connector's words: orders, products, ...
    wake INTEGER NOT NULL,          -- ask again then
    since INTEGER NOT NULL,         -- ask for what changed at this moment or later
    next TEXT,                      -- in the middle of a round: the next page, in the shop system's words
    newest INTEGER NOT NULL,        -- the newest change that this round has seen; 0: none yet
    polled_at INTEGER,              -- when a round was last finished
    failures INTEGER NOT NULL,      -- one after another
    reason TEXT,                    -- why the last asking failed, in words; NULL: it did not
    hidden TEXT,                    -- which fields the shop system keeps from us, as it last said; NULL: none
    PRIMARY KEY (shop, connector, noun)
) STRICT, WITHOUT ROWID;
CREATE INDEX poll_wake ON poll (wake);
