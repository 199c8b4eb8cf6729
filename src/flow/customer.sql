-- customer.sql: who buys.

-- name: customer_known
-- A customer by the shop system's id, or a guest by the address.
SELECT id, updated_at, merged_into, erased_at FROM customer
WHERE shop = :shop AND source = :source AND foreign_id = :foreign_id;

-- name: customer_append
-- A customer that we hear of for the first time.
INSERT INTO customer (id, shop, at, cause, source, foreign_id, deleted_at, email, email_key, phone, first_name,
    last_name, locale, zone, channel, company_id, addresses, tags, note, birthday, joined_at, updated_at)
VALUES (:id, :shop, :at, :cause, :source, :foreign_id, :deleted_at, :email, :email_key, :phone, :first_name, :last_name,
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
    coalesce(joined_at, :joined_at) WHERE shop = :shop AND id = :id AND (coalesce(email, :email) IS DISTINCT FROM
    email OR coalesce(email_key, :email_key) IS DISTINCT FROM email_key OR coalesce(phone, :phone) IS DISTINCT FROM
    phone OR coalesce(first_name, :first_name) IS DISTINCT FROM first_name OR coalesce(last_name, :last_name) IS
    DISTINCT FROM last_name OR coalesce(locale, :locale) IS DISTINCT FROM locale OR coalesce(zone, :zone) IS
    DISTINCT FROM zone OR coalesce(channel, :channel) IS DISTINCT FROM channel OR coalesce(company_id, :company_id)
    IS DISTINCT FROM company_id OR coalesce(addresses, :addresses) IS DISTINCT FROM addresses OR coalesce(tags,
    :tags) IS DISTINCT FROM tags OR coalesce(note, :note) IS DISTINCT FROM note OR coalesce(birthday, :birthday) IS
    DISTINCT FROM birthday OR coalesce(joined_at, :joined_at) IS DISTINCT FROM joined_at);

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
