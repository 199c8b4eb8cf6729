-- health.sql: six counts that tell whether the path flows. They read the partial indexes alone, which are as small as
-- the backlog, and one row for its age.

-- name: health_inbox
-- Deliveries that wait to be read, and when the oldest came.
-- any shop: the health of the installation
SELECT count(*), (SELECT at FROM inbox WHERE id = (SELECT min(id) FROM inbox WHERE state = 'new')) FROM inbox WHERE state = 'new';

-- name: health_unread
-- Deliveries that could not be read.
-- any shop: the health of the installation
SELECT count(*), min(at) FROM inbox WHERE state IN ('unread', 'aside');

-- name: health_event
-- Events that no journey has looked at.
-- any shop: the health of the installation
SELECT count(*), (SELECT at FROM event WHERE id = (SELECT min(id) FROM event WHERE state = 'new')) FROM event WHERE state = 'new';

-- name: health_run
-- Runs that are due.
-- any shop: the health of the installation
SELECT count(*), min(wake) FROM run WHERE state = 'waiting' AND wake <= :now;

-- name: health_message
-- Messages that wait for their words.
-- any shop: the health of the installation
SELECT count(*), (SELECT at FROM message WHERE id = (SELECT min(id) FROM message WHERE state = 'new')) FROM message WHERE state = 'new';

-- name: health_outbox
-- Messages that are ready to leave.
-- any shop: the health of the installation
SELECT count(*), min(next_at) FROM message WHERE state = 'ready';

-- name: health_claimed
-- Attempts under way.
-- any shop: the health of the installation
SELECT count(*), (SELECT at FROM delivery WHERE id = (SELECT min(id) FROM delivery WHERE state = 'claimed'))
FROM delivery WHERE state = 'claimed';

-- name: health_aside
-- Events and runs that could not be worked on.
-- any shop: the health of the installation
SELECT (SELECT count(*) FROM event WHERE state = 'aside') + (SELECT count(*) FROM run WHERE state = 'aside'), 0;

-- name: health_mailbox
-- Mailboxes that are read, those that cannot be, and when the one was read that has waited longest.
-- any shop: the health of the installation
SELECT count(*), coalesce(sum(CASE WHEN failures > 0 THEN 1 ELSE 0 END), 0), coalesce(min(polled_at), 0) FROM mailbox;

-- name: health_poll
-- What shop systems are asked for, what is asked for in vain, and when a round ended for the one that has waited longest.
-- any shop: the health of the installation
SELECT count(*), coalesce(sum(CASE WHEN failures > 0 THEN 1 ELSE 0 END), 0), coalesce(min(polled_at), 0) FROM poll;
