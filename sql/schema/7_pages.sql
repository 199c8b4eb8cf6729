-- What only the operator's pages ask for: lists in the order in which people read them.

CREATE INDEX orders_placed ON orders (shop, placed_at, id);
CREATE INDEX message_trouble ON message (shop, id) WHERE state IN ('failed', 'unknown');

-- What people look for: how names, addresses and numbers begin. Erasure asks by them, too.
CREATE INDEX orders_name ON orders (shop, lower(name));
CREATE INDEX orders_email ON orders (shop, lower(email));
CREATE INDEX customer_phone ON customer (shop, phone);
CREATE INDEX customer_last_name ON customer (shop, lower(last_name));
CREATE INDEX customer_name ON customer (shop, lower(coalesce(first_name, '') || ' ' || coalesce(last_name, '')));
CREATE INDEX message_address ON message (shop, lower(address));
