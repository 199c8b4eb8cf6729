-- order.sql: orders, their lines, the products in them.

-- name: order_known
-- What we know of an order by the shop system's id.
SELECT id, updated_at, hash, payment, fulfilment, cancelled_at, customer_id, quiet, erased_at, deleted_at FROM orders
WHERE shop = :shop AND source = :source AND foreign_id = :foreign_id;

-- name: order_append
-- An order that we hear of for the first time.
INSERT INTO orders (id, shop, at, cause, source, foreign_id, name, customer_id, email, phone, locale,
    currency, subtotal, shipping, fees, tax, discount, total, tax_included, discount_codes, shipping_title,
    channel, url, tags, payment, fulfilment, quiet, gift, renewal, in_person, placed_at, cancelled_at, deleted_at,
    promised_from, promised_until, ship_to, bill_to, note, updated_at, hash, generation)
VALUES (:id, :shop, :at, :cause, :source, :foreign_id, :name, :customer_id, :email, :phone, :locale,
    :currency, :subtotal, :shipping, :fees, :tax, :discount, :total, :tax_included, :discount_codes,
    :shipping_title, :channel, :url, :tags, :payment, :fulfilment, :quiet, :gift, :renewal, :in_person,
    :placed_at, :cancelled_at, :deleted_at, :promised_from, :promised_until, :ship_to, :bill_to, :note,
    :updated_at, :hash, 0);

-- name: order_update
-- Newer facts about an order. Its locale and its day are frozen.
UPDATE orders SET name = :name, customer_id = :customer_id, email = :email, phone = :phone, locale =
    coalesce(locale, :locale), currency = :currency, subtotal = :subtotal, shipping = :shipping, fees = :fees, tax
    = :tax, discount = :discount, total = :total, tax_included = :tax_included, discount_codes = :discount_codes,
    shipping_title = :shipping_title, channel = :channel, url = :url, tags = :tags, payment = :payment, fulfilment
    = :fulfilment, quiet = :quiet, gift = :gift, renewal = :renewal, in_person = :in_person, placed_at =
    coalesce(placed_at, :placed_at), cancelled_at = :cancelled_at, deleted_at = :deleted_at, promised_from =
    :promised_from, promised_until = :promised_until, ship_to = :ship_to, bill_to = :bill_to, note = :note,
    updated_at = :updated_at, hash = :hash
WHERE shop = :shop AND id = :id;

-- name: order_fill
-- Facts without a version: only what was missing.
UPDATE orders SET email = coalesce(email, :email), phone = coalesce(phone, :phone), locale = coalesce(locale,
    :locale), discount_codes = coalesce(discount_codes, :discount_codes), shipping_title = coalesce(shipping_title,
    :shipping_title), channel = coalesce(channel, :channel), url = coalesce(url, :url), tags = coalesce(tags,
    :tags), ship_to = coalesce(ship_to, :ship_to), bill_to = coalesce(bill_to, :bill_to), note = coalesce(note,
    :note) WHERE shop = :shop AND id = :id AND (coalesce(email, :email) IS DISTINCT FROM email OR coalesce(phone,
    :phone) IS DISTINCT FROM phone OR coalesce(locale, :locale) IS DISTINCT FROM locale OR coalesce(discount_codes,
    :discount_codes) IS DISTINCT FROM discount_codes OR coalesce(shipping_title, :shipping_title) IS DISTINCT FROM
    shipping_title OR coalesce(channel, :channel) IS DISTINCT FROM channel OR coalesce(url, :url) IS DISTINCT FROM
    url OR coalesce(tags, :tags) IS DISTINCT FROM tags OR coalesce(ship_to, :ship_to) IS DISTINCT FROM ship_to OR
    coalesce(bill_to, :bill_to) IS DISTINCT FROM bill_to OR coalesce(note, :note) IS DISTINCT FROM note);

-- name: order_ref
-- An order by the shop system's id, and who ordered, by the customer that stands for the person.
SELECT orders.id, coalesce(customer.merged_into, customer.id), orders.erased_at FROM orders
LEFT JOIN customer ON customer.id = orders.customer_id AND customer.shop = orders.shop
WHERE orders.shop = :shop AND orders.source = :source AND orders.foreign_id = :foreign_id;

-- name: order_gone
-- The shop system has it no more.
UPDATE orders SET deleted_at = :gone_at
WHERE shop = :shop AND source = :source AND foreign_id = :foreign_id AND deleted_at IS NULL;

-- name: order_arrival
-- When the last shipment of a wholly shipped order arrived; no row while one is on its way.
SELECT max(shipment.delivered_at), max(coalesce(customer.merged_into, customer.id)) FROM orders
JOIN shipment ON shipment.shop = orders.shop AND shipment.order_id = orders.id AND shipment.state <> 'cancelled'
LEFT JOIN customer ON customer.id = orders.customer_id AND customer.shop = orders.shop
WHERE orders.shop = :shop AND orders.id = :order_id AND orders.fulfilment = 'fulfilled'
HAVING count(*) = count(shipment.delivered_at);

-- name: order_delivered
-- All of it has arrived, for the first time.
UPDATE orders SET delivered_at = :delivered_at WHERE shop = :shop AND id = :id AND delivered_at IS NULL;

-- name: order_touch
-- The same facts, told later.
UPDATE orders SET updated_at = :updated_at WHERE shop = :shop AND id = :id;

-- name: order_lines_drop
-- Makes room for the lines of a changed order.
DELETE FROM order_line WHERE shop = :shop AND order_id = :order_id;

-- name: order_line_append
-- One line of an order.
INSERT INTO order_line (id, shop, order_id, position, foreign_id, product_id, variant_foreign_id, sku, title, variant,
    quantity, price, discount, ships)
VALUES (:id, :shop, :order_id, :position, :foreign_id, :product_id, :variant_foreign_id, :sku, :title, :variant,
    :quantity, :price, :discount, :ships);

-- name: order_get
-- One order, whole.
SELECT foreign_id, name, email, phone, locale, currency, discount_codes, shipping_title, channel, url, tags,
    note, id, customer_id, subtotal, shipping, fees, tax, discount, total, placed_at, cancelled_at, deleted_at,
    delivered_at, promised_from, promised_until, updated_at, tax_included, gift, renewal, in_person, payment,
    fulfilment, quiet, generation, ship_to, bill_to
FROM orders WHERE shop = :shop AND id = :id;

-- name: order_lines
-- The lines of an order as the buyer saw them.
SELECT order_line.foreign_id, sku, order_line.title, variant, quantity, price, discount, ships, product.foreign_id,
    variant_foreign_id
FROM order_line LEFT JOIN product ON product.id = order_line.product_id AND product.shop = order_line.shop
WHERE order_line.shop = :shop AND order_line.order_id = :order_id ORDER BY order_line.position;

-- name: order_shop
-- Whose order it is: a link's token names only the order.
-- any shop: the signed token is the right to see this one order
SELECT shop FROM orders WHERE id = :id;

-- name: order_page
-- The newest orders with their links' generation. :before is the last id of the page before.
SELECT id, name, foreign_id, email, placed_at, total, currency, payment, fulfilment, cancelled_at, generation FROM orders
WHERE shop = :shop AND id < :before ORDER BY id DESC LIMIT :limit;

-- name: order_send_facts
-- What a receipt's step has to know of the order.
SELECT email, placed_at, CASE WHEN deleted_at IS NULL THEN quiet ELSE 'deleted' END, cancelled_at, source,
    in_person, EXISTS (SELECT 1 FROM legal_text WHERE legal_text.shop = :shop) FROM orders WHERE shop = :shop AND id = :id;
