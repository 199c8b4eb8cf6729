-- What only the operator's pages ask for: lists in the order in which people read them.

CREATE INDEX orders_placed ON orders (shop, placed_at, id);
CREATE INDEX message_trouble ON message (shop, id) WHERE state IN ('failed', 'unknown');
