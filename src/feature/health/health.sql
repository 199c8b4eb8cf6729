-- health.sql: six counts that tell whether the path flows.

-- name: health_inbox
-- Deliveries that wait to be read, and when the oldest came.
-- any shop: the health of the installation
SELECT count(*), min(at) FROM inbox WHERE state = 'new';

-- name: health_unread
-- Deliveries that could not be read.
-- any shop: the health of the installation
SELECT count(*), min(at) FROM inbox WHERE state IN ('unread', 'aside');

-- name: health_event
-- Events that no journey has looked at.
-- any shop: the health of the installation
SELECT count(*), min(at) FROM event WHERE state = 'new';

-- name: health_run
-- Runs that are due.
-- any shop: the health of the installation
SELECT count(*), min(wake) FROM run WHERE state = 'waiting' AND wake <= :now;

-- name: health_message
-- Messages that wait for their words.
-- any shop: the health of the installation
SELECT count(*), min(at) FROM message WHERE state = 'new';

-- name: health_outbox
-- Messages that are ready to leave.
-- any shop: the health of the installation
SELECT count(*), min(next_at) FROM message WHERE state = 'ready';

-- name: health_claimed
-- Attempts under way.
-- any shop: the health of the installation
SELECT count(*), min(at) FROM delivery WHERE state = 'claimed';
