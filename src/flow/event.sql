-- event.sql: stage 2, what happened.

-- name: event_append
-- Something happened. One that no journey listens to is done as soon as it is written.
INSERT INTO event (id, shop, at, cause, kind, happened_at, order_id, customer_id, subject_id, state)
VALUES (:id, :shop, :at, :cause, :kind, :happened_at, :order_id, :customer_id, :subject_id, :state);

-- name: event_take
-- The oldest events that no journey has looked at. :limit
-- any shop: the flow works for all shops in one turn
SELECT id, shop, kind, happened_at, order_id, customer_id, coalesce(subject_id, order_id, customer_id) FROM event WHERE state = 'new' ORDER BY id LIMIT :limit;

-- name: event_finish
-- All journeys have seen it.
UPDATE event SET state = :state WHERE shop = :shop AND id = :id AND state = 'new';

-- name: event_replay
-- Journeys look again at an event that was put aside.
UPDATE event SET state = 'new' WHERE shop = :shop AND id = :id AND state = 'aside';
