-- customer.sql: who buys.

-- name: customer_known
-- A customer by the shop system's id, or a guest by the address.
SELECT id, updated_at FROM customer WHERE shop = :shop AND source = :source AND foreign_id = :foreign_id;

-- name: customer_append
-- A customer that we hear of for the first time.
INSERT INTO customer (id, shop, at, cause, source, foreign_id, email, phone, first_name, last_name, locale, updated_at)
VALUES (:id, :shop, :at, :cause, :source, :foreign_id, :email, :phone, :first_name, :last_name, :locale, :updated_at);

-- name: customer_update
-- Newer facts about a customer; what the sender leaves out stays.
UPDATE customer SET email = coalesce(:email, email), phone = coalesce(:phone, phone),
    first_name = coalesce(:first_name, first_name), last_name = coalesce(:last_name, last_name),
    locale = coalesce(:locale, locale), updated_at = :updated_at
WHERE shop = :shop AND id = :id;

-- name: customer_get
-- One customer.
SELECT email, phone, first_name, last_name, locale FROM customer WHERE shop = :shop AND id = :id;
