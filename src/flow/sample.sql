-- sample.sql: which order a mail is shown with.

-- name: sample_order_mailed
-- The newest order, of the shop's newest, that got this mail, and what the mail told of.
SELECT message.order_id, message.about FROM
    (SELECT id FROM orders WHERE shop = :shop AND placed_at <= :now AND erased_at IS NULL
     ORDER BY placed_at DESC, id DESC LIMIT :limit) AS newest
JOIN message ON message.shop = :shop AND message.order_id = newest.id
WHERE message.template = :template ORDER BY message.id DESC LIMIT 1;

-- name: sample_order_newest
-- The newest order of the shop.
SELECT id FROM orders WHERE shop = :shop AND placed_at <= :now AND erased_at IS NULL
ORDER BY placed_at DESC, id DESC LIMIT 1;
