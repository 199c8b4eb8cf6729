-- receipt.sql: what comes back.

-- name: receipt_append
-- Something came back about a delivery.
INSERT INTO receipt (id, shop, at, cause, inbox_id, kind, state, address, words)
VALUES (:id, :shop, :at, :cause, :inbox_id, :kind, 'done', :address, :words);
