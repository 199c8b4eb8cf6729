-- installation.sql: what the installation remembers of itself.

-- name: installation_note
-- any shop: it is about the installation
INSERT INTO installation (key, at, value) VALUES (:key, :at, :value)
ON CONFLICT (key) DO UPDATE SET at = excluded.at, value = excluded.value;

-- name: installation_key
-- any shop: it is about the installation
SELECT value FROM installation WHERE key = 'key_fingerprint';
