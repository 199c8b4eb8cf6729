-- order.sql: orders, their lines, the products in them.

-- name: order_known
-- What we know of an order by the shop system's id.
SELECT id, updated_at, hash, payment, fulfilment, cancelled_at, customer_id FROM orders
WHERE shop = :shop AND source = :source AND foreign_id = :foreign_id;

-- name: order_append
-- An order that we hear of for the first time.
INSERT INTO orders (id, shop, at, cause, source, foreign_id, name, customer_id, email, phone, locale, currency, subtotal,
    shipping, tax, discount, total, tax_included, shipping_title, payment, fulfilment, placed_at, cancelled_at, test,
    ship_to, bill_to, note, updated_at, hash, generation)
VALUES (:id, :shop, :at, :cause, :source, :foreign_id, :name, :customer_id, :email, :phone, :locale, :currency, :subtotal,
    :shipping, :tax, :discount, :total, :tax_included, :shipping_title, :payment, :fulfilment, :placed_at, :cancelled_at,
    :test, :ship_to, :bill_to, :note, :updated_at, :hash, 0);

-- name: order_update
-- Newer facts about an order. Its locale and its day are frozen.
UPDATE orders SET name = :name, customer_id = :customer_id, email = :email, phone = :phone, currency = :currency,
    subtotal = :subtotal, shipping = :shipping, tax = :tax, discount = :discount, total = :total,
    tax_included = :tax_included, shipping_title = :shipping_title, payment = :payment, fulfilment = :fulfilment,
    cancelled_at = :cancelled_at, test = :test, ship_to = :ship_to, bill_to = :bill_to, note = :note,
    updated_at = :updated_at, hash = :hash
WHERE shop = :shop AND id = :id;

-- name: order_touch
-- The same facts, told later.
UPDATE orders SET updated_at = :updated_at WHERE shop = :shop AND id = :id;

-- name: order_lines_drop
-- Makes room for the lines of a changed order.
DELETE FROM order_line WHERE shop = :shop AND order_id = :order_id;

-- name: order_line_append
-- One line of an order.
INSERT INTO order_line (id, shop, order_id, position, foreign_id, product_id, sku, title, variant, quantity, price, discount, ships)
VALUES (:id, :shop, :order_id, :position, :foreign_id, :product_id, :sku, :title, :variant, :quantity, :price, :discount, :ships);

-- name: order_get
-- One order, whole.
SELECT id, foreign_id, name, customer_id, email, phone, locale, currency, subtotal, shipping, tax, discount, total,
    tax_included, shipping_title, payment, fulfilment, placed_at, cancelled_at, test, ship_to, bill_to, note, updated_at,
    generation
FROM orders WHERE shop = :shop AND id = :id;

-- name: order_lines
-- The lines of an order as the buyer saw them.
SELECT foreign_id, sku, title, variant, quantity, price, discount, ships FROM order_line
WHERE shop = :shop AND order_id = :order_id ORDER BY position;

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
SELECT email, placed_at, test, cancelled_at FROM orders WHERE shop = :shop AND id = :id;

-- name: product_known
-- A product by the shop system's id.
SELECT id FROM product WHERE shop = :shop AND source = :source AND foreign_id = :foreign_id;

-- name: product_append
-- A product that we hear of for the first time, in somebody's order.
INSERT INTO product (id, shop, at, cause, source, foreign_id, title, vendor)
VALUES (:id, :shop, :at, :cause, :source, :foreign_id, :title, :vendor);
