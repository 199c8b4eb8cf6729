-- customer.sql: who buys.

-- name: customer_known
-- A customer by the shop system's id, or a guest by the address.
SELECT id, updated_at, merged_into FROM customer
WHERE shop = :shop AND source = :source AND foreign_id = :foreign_id;

-- name: customer_append
-- A customer that we hear of for the first time.
INSERT INTO customer (id, shop, at, cause, source, foreign_id, email, email_key, phone, first_name, last_name,
    locale, zone, channel, company_id, addresses, tags, note, birthday, joined_at, updated_at)
VALUES (:id, :shop, :at, :cause, :source, :foreign_id, :email, :email_key, :phone, :first_name, :last_name,
    :locale, :zone, :channel, :company_id, :addresses, :tags, :note, :birthday, :joined_at, :updated_at);

-- name: customer_update
-- Newer facts about a customer; what the sender leaves out stays.
UPDATE customer SET email = coalesce(:email, email), email_key = coalesce(:email_key, email_key), phone =
    coalesce(:phone, phone), first_name = coalesce(:first_name, first_name), last_name = coalesce(:last_name,
    last_name), locale = coalesce(:locale, locale), zone = coalesce(:zone, zone), channel = coalesce(:channel,
    channel), company_id = coalesce(:company_id, company_id), addresses = coalesce(:addresses, addresses), tags =
    coalesce(:tags, tags), note = coalesce(:note, note), birthday = coalesce(:birthday, birthday), joined_at =
    coalesce(:joined_at, joined_at), updated_at = :updated_at
WHERE shop = :shop AND id = :id;

-- name: customer_fill
-- Facts without a version: only what was missing.
UPDATE customer SET email = coalesce(email, :email), email_key = coalesce(email_key, :email_key), phone =
    coalesce(phone, :phone), first_name = coalesce(first_name, :first_name), last_name = coalesce(last_name,
    :last_name), locale = coalesce(locale, :locale), zone = coalesce(zone, :zone), channel = coalesce(channel,
    :channel), company_id = coalesce(company_id, :company_id), addresses = coalesce(addresses, :addresses), tags =
    coalesce(tags, :tags), note = coalesce(note, :note), birthday = coalesce(birthday, :birthday), joined_at =
    coalesce(joined_at, :joined_at)
WHERE shop = :shop AND id = :id AND ((email IS NULL AND :email IS NOT NULL) OR (email_key IS NULL AND :email_key IS NOT NULL) OR (phone IS NULL AND
    :phone IS NOT NULL) OR (first_name IS NULL AND :first_name IS NOT NULL) OR (last_name IS NULL AND :last_name
    IS NOT NULL) OR (locale IS NULL AND :locale IS NOT NULL) OR (zone IS NULL AND :zone IS NOT NULL) OR (channel
    IS NULL AND :channel IS NOT NULL) OR (company_id IS NULL AND :company_id IS NOT NULL) OR (addresses IS NULL
    AND :addresses IS NOT NULL) OR (tags IS NULL AND :tags IS NOT NULL) OR (note IS NULL AND :note IS NOT NULL) OR
    (birthday IS NULL AND :birthday IS NOT NULL) OR (joined_at IS NULL AND :joined_at IS NOT NULL));

-- name: customer_gone
-- The shop system has the account no more.
UPDATE customer SET deleted_at = :gone_at
WHERE shop = :shop AND source = :source AND foreign_id = :foreign_id AND deleted_at IS NULL;

-- name: customer_get
-- One customer.
SELECT email, phone, first_name, last_name, locale, zone, channel,
    (SELECT name FROM company WHERE company.shop = customer.shop AND company.id = customer.company_id), tags, note,
    birthday, joined_at
FROM customer WHERE shop = :shop AND id = :id;
