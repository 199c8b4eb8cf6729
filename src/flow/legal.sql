-- legal.sql: terms and withdrawal instruction, in versions.

-- name: legal_find
-- The version for a buyer: the country's own first, then the language's; of these the newest.
SELECT id, at, country, language, text FROM legal_text
WHERE shop = :shop AND country IN ('', :country) AND language IN ('', :language)
ORDER BY CASE country WHEN '' THEN 1 ELSE 0 END, CASE language WHEN '' THEN 1 ELSE 0 END, id DESC LIMIT 1;

-- name: legal_count
-- How many versions there are.
SELECT count(*) FROM legal_text WHERE shop = :shop;

-- name: legal_append
-- A new version; the older ones stay.
INSERT INTO legal_text (id, shop, at, country, language, text) VALUES (:id, :shop, :at, :country, :language, :text);

-- name: legal_list
-- What counts today. :limit
SELECT id, at, country, language, text FROM legal_text AS one
WHERE shop = :shop AND id = (SELECT max(id) FROM legal_text AS other WHERE other.shop = one.shop
    AND other.country = one.country AND other.language = one.language)
ORDER BY country, language LIMIT :limit;
