-- body.sql: what came and what was sent, packed, and the dictionaries that make it small.

-- name: inbox_body_append
-- What came, as it came.
INSERT INTO inbox_body (id, shop, body) VALUES (:id, :shop, :body);

-- name: inbox_body_get
SELECT body FROM inbox_body WHERE shop = :shop AND id = :id;

-- name: message_body_save
-- What leaves; words are written anew for a message that is replayed.
INSERT INTO message_body (id, shop, body) VALUES (:id, :shop, :body)
ON CONFLICT (id) DO UPDATE SET body = excluded.body;

-- name: message_body_get
SELECT body FROM message_body WHERE shop = :shop AND id = :id;

-- name: dictionary_get
-- The dictionary that a body names.
SELECT bytes FROM dictionary WHERE shop = :shop AND id = :id;

-- name: dictionary_newest
-- What new bodies of a name are packed with.
SELECT bytes FROM dictionary WHERE shop = :shop AND kind = :kind AND name = :name ORDER BY id DESC LIMIT 1;

-- name: dictionary_top
-- The greatest id given out.
-- any shop: zstd's ids are the installation's
SELECT max(id) FROM dictionary;

-- name: dictionary_append
INSERT INTO dictionary (id, shop, at, kind, name, bytes) VALUES (:id, :shop, :at, :kind, :name, :bytes);

-- name: inbox_samples
-- The newest deliveries of a name (connector, blank, topic) and whom each is about, for learning. :most bounds
-- how far back is looked.
-- walks: :most rows at the end are looked at, whatever the shop
-- all shops of inbox: the newest are looked at, of which the shop's are taken
SELECT i.id, e.customer_id FROM (SELECT id, shop, connector, topic FROM inbox ORDER BY id DESC LIMIT :most) AS i
JOIN event AS e ON e.cause = i.id AND e.shop = i.shop
WHERE i.shop = :shop AND i.connector || ' ' || i.topic = :name AND e.customer_id IS NOT NULL ORDER BY i.id DESC;

-- name: message_samples
-- The same of messages (template, blank, language): whom each is for.
-- walks: :most rows at the end are looked at, whatever the shop
-- all shops of message: the newest are looked at, of which the shop's are taken
SELECT m.id, m.address
FROM (SELECT id, shop, template, address, body_bytes, locale FROM message ORDER BY id DESC LIMIT :most) AS m
WHERE m.shop = :shop AND m.template || ' ' || substr(m.locale, 1, 2) = :name AND m.body_bytes > 0 ORDER BY m.id DESC;
