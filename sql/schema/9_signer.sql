-- Certificates of providers that sign what they tell (flow/signer.h), as they were fetched and verified.

CREATE TABLE signer (
    shop INTEGER NOT NULL,          -- 0: Amazon is the same for all
    url TEXT NOT NULL,              -- where it was fetched
    at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,    -- no signature by it counts from then on
    pem TEXT NOT NULL,
    PRIMARY KEY (shop, url)
) STRICT, WITHOUT ROWID;
