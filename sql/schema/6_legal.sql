-- Terms, withdrawal instruction and model form, as order confirmations carry them. Nothing is overwritten: each version
-- is a row, the newest of its country and language counts, and a message names the one it carried.
CREATE TABLE legal_text (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,            -- from when it counts
    country TEXT NOT NULL,          -- the buyer's, ISO 3166-1; '' for all that have none of their own
    language TEXT NOT NULL,         -- BCP 47: de; '' for all that have none of their own
    text TEXT NOT NULL
) STRICT;
CREATE INDEX legal_text_current ON legal_text (shop, country, language, id);
