-- run.sql: stage 3, where customers stand in journeys.

-- name: run_append
-- Starts a journey for its subject; once, however often its event comes. It is due at once: a clock that jumps
-- back an hour must not hold up what is already there.
INSERT INTO run (id, shop, at, cause, journey, subject, order_id, customer_id, step, visit, entered, wake, state)
VALUES (:id, :shop, :at, :cause, :journey, :subject, :order_id, :customer_id, :step, 1, :entered, 0, 'waiting')
ON CONFLICT (shop, subject, journey) DO NOTHING;

-- name: run_take
-- Runs whose time has come, the longest waiting first. :now, :limit
-- any shop: the flow works for all shops in one turn
SELECT id, shop, journey, order_id, customer_id, step, visit, entered, at, subject FROM run
WHERE state = 'waiting' AND wake <= :now ORDER BY wake, id LIMIT :limit;

-- name: run_next_wake
-- When the next run is due.
-- any shop: the flow sleeps until the first of them
SELECT min(wake) FROM run WHERE state = 'waiting' AND wake > 0;

-- name: run_move
-- Where it stands after a step; only if nobody else moved it.
UPDATE run SET step = :step, visit = :visit, entered = :entered, wake = :wake, state = :state, why = :why
WHERE shop = :shop AND id = :id AND state = 'waiting' AND step = :seen_step AND visit = :seen_visit;

-- name: run_aside
-- Working on it stopped the program twice.
UPDATE run SET state = 'aside', why = :why WHERE shop = :shop AND id = :id AND state = 'waiting';

-- name: run_step_append
-- What a step did, once per visit.
INSERT INTO run_step (id, shop, at, cause, step, visit, outcome, why)
VALUES (:id, :shop, :at, :cause, :step, :visit, :outcome, :why) ON CONFLICT (cause, step, visit) DO NOTHING;

-- name: run_mend
-- Runs that a clock which was wrong left in the future: they wait as long as they were to wait, from now on.
-- any shop: there is one clock
UPDATE run SET wake = :now + (wake - entered), entered = :now WHERE state = 'waiting' AND entered > :latest;

-- name: run_replay
-- A run that was put aside goes on at its step.
UPDATE run SET state = 'waiting', wake = :now WHERE shop = :shop AND id = :id AND state = 'aside';
