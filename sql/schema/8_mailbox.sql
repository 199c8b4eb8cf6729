-- Where we stand in reading mailboxes (flow/mailbox.h).

CREATE TABLE mailbox (
    shop INTEGER NOT NULL,          -- 0: the installation's, whose mails are for any of its shops
    kind TEXT NOT NULL,             -- imap, maildir
    place TEXT NOT NULL,            -- which one it is: user, host and folder, or a path; another one begins anew
    wake INTEGER NOT NULL,          -- look again then
    uidvalidity INTEGER NOT NULL,   -- imap: of the mailbox when uid was read; 0: never
    uid INTEGER NOT NULL,           -- imap: the last mail that is in the inbox
    taken INTEGER NOT NULL,         -- mails so far
    polled_at INTEGER,              -- when all of it was last read
    failures INTEGER NOT NULL,      -- one after another
    reason TEXT,                    -- what is wrong, in words: why it cannot be read, or which mail was left; NULL: nothing
    PRIMARY KEY (shop, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX mailbox_wake ON mailbox (wake);
