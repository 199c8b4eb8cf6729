-- customer.sql: who has an address, for the command line.

-- name: customer_by_address
-- All customers with an address, how many orders each has, whom it stands behind and why. :limit
SELECT c.id, c.source, coalesce(c.first_name || ' ', '') || coalesce(c.last_name, ''),
    (SELECT count(*) FROM orders WHERE orders.shop = c.shop AND orders.customer_id = c.id), c.merged_into,
    (SELECT reason FROM merge WHERE merge.shop = c.shop AND merge.from_id = c.id AND undone_at IS NULL ORDER BY id DESC LIMIT 1)
FROM customer AS c WHERE c.shop = :shop AND c.email_key = :email_key ORDER BY c.id LIMIT :limit;
