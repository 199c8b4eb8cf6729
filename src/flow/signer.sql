-- signer.sql: certificates of providers that sign what they tell.

-- name: signer_get
-- A certificate by its address.
SELECT pem, expires_at FROM signer WHERE shop = :shop AND url = :url;

-- name: signer_save
-- A certificate that was found to be what it says.
INSERT INTO signer (shop, url, at, expires_at, pem) VALUES (:shop, :url, :at, :expires_at, :pem)
ON CONFLICT (shop, url) DO UPDATE SET at = excluded.at, expires_at = excluded.expires_at, pem = excluded.pem;

-- name: signer_forget
-- Those that have run out long ago.
-- walks: a handful of rows, once for each new certificate
DELETE FROM signer WHERE shop = :shop AND expires_at < :before;
