-- product.sql: what the shop sells, and its coupons.

-- name: product_known
-- A product by the shop system's id.
SELECT id, updated_at FROM product WHERE shop = :shop AND source = :source AND foreign_id = :foreign_id;

-- name: product_of_line
-- A product that we hear of for the first time, in somebody's order.
INSERT INTO product (id, shop, at, cause, source, foreign_id, title, vendor, updated_at)
VALUES (:id, :shop, :at, :cause, :source, :foreign_id, :title, :vendor, 0);

-- name: product_save
-- A product as the shop describes it. A late word of before it was gone does not bring it back.
INSERT INTO product (id, shop, at, cause, source, foreign_id, title, vendor, kind, url, image_url, tags,
    currency, offered, updated_at, deleted_at)
VALUES (:id, :shop, :at, :cause, :source, :foreign_id, :title, :vendor, :kind, :url, :image_url, :tags,
    :currency, :offered, :updated_at, :deleted_at)
ON CONFLICT (shop, source, foreign_id) DO UPDATE SET title = excluded.title, vendor = excluded.vendor, kind =
    excluded.kind, url = excluded.url, image_url = excluded.image_url, tags = excluded.tags, currency =
    excluded.currency, offered = CASE WHEN product.deleted_at >= excluded.updated_at THEN 0 ELSE excluded.offered END,
    updated_at = excluded.updated_at,
    deleted_at = CASE WHEN product.deleted_at >= excluded.updated_at THEN product.deleted_at END;

-- name: product_gone
-- The shop has it no more; orders go on to name it.
UPDATE product SET deleted_at = :gone_at, offered = 0
WHERE shop = :shop AND source = :source AND foreign_id = :foreign_id AND deleted_at IS NULL;

-- name: variants_shelve
-- Makes room for the variants of a changed product.
UPDATE variant SET position = -1 - position WHERE shop = :shop AND product_id = :product_id;

-- name: variant_keep
-- One that was told by its id alone: what is known of it stays.
UPDATE variant SET position = :position WHERE shop = :shop AND product_id = :product_id AND foreign_id = :foreign_id AND position < 0;

-- name: variants_unshelve
-- Those behind the ones that were told, of a product that has more.
UPDATE variant SET position = -1 - position WHERE shop = :shop AND product_id = :product_id AND position < 0 AND -1 - position >= :count;

-- name: variants_drop
-- Those that nobody tells of any more.
DELETE FROM variant WHERE shop = :shop AND product_id = :product_id AND position < 0;

-- name: variant_known
-- The version of one variant.
SELECT updated_at FROM variant WHERE shop = :shop AND product_id = :product_id AND foreign_id = :foreign_id;

-- name: variant_next
-- The place behind the last one.
SELECT coalesce(max(position), -1) + 1 FROM variant WHERE shop = :shop AND product_id = :product_id;

-- name: variant_update
-- Newer facts about a variant that is told without its product.
UPDATE variant SET sku = :sku, title = :title, barcode = :barcode, image_url = :image_url, price = :price, ships = :ships,
    updated_at = :updated_at
WHERE shop = :shop AND product_id = :product_id AND foreign_id = :foreign_id;

-- name: variant_append
-- One of the forms in which a product is sold. Not every word on it has its weight: then the one that was known stays.
INSERT INTO variant (id, shop, product_id, position, foreign_id, sku, title, barcode, image_url, price, weight_grams, ships,
    updated_at)
VALUES (:id, :shop, :product_id, :position, :foreign_id, :sku, :title, :barcode, :image_url, :price,
    CASE WHEN CAST(:weight_grams AS BIGINT) > 0 THEN CAST(:weight_grams AS BIGINT) ELSE coalesce((SELECT v.weight_grams FROM variant AS v
        WHERE v.shop = :shop AND v.product_id = :product_id AND v.foreign_id = :foreign_id AND v.position < 0), 0) END,
    :ships, :updated_at);

-- name: variant_weigh
-- Of two words of the same moment one has the weight.
UPDATE variant SET weight_grams = :weight_grams
WHERE shop = :shop AND product_id = :product_id AND foreign_id = :foreign_id AND weight_grams = 0;

-- name: coupon_known
-- A coupon by the shop system's id.
SELECT id, updated_at FROM coupon WHERE shop = :shop AND source = :source AND foreign_id = :foreign_id;

-- name: coupon_save
-- A coupon as the shop describes it.
INSERT INTO coupon (id, shop, at, cause, source, foreign_id, code, kind, value, currency, ends_at,
    usage_limit, used, updated_at, deleted_at)
VALUES (:id, :shop, :at, :cause, :source, :foreign_id, :code, :kind, :value, :currency, :ends_at,
    :usage_limit, :used, :updated_at, :deleted_at)
ON CONFLICT (shop, source, foreign_id) DO UPDATE SET code = excluded.code, kind = excluded.kind, value =
    excluded.value, currency = excluded.currency, ends_at = excluded.ends_at, usage_limit = excluded.usage_limit,
    used = excluded.used, updated_at = excluded.updated_at,
    deleted_at = CASE WHEN coupon.deleted_at >= excluded.updated_at THEN coupon.deleted_at END;

-- name: coupon_gone
-- The shop has it no more.
UPDATE coupon SET deleted_at = :gone_at
WHERE shop = :shop AND source = :source AND foreign_id = :foreign_id AND deleted_at IS NULL;
