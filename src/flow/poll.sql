-- poll.sql: asking the shop systems for what their webhooks did not bring.

-- name: poll_enroll
-- A shop that can be asked from now on.
INSERT INTO poll (shop, connector, wake, since, newest, failures)
VALUES (:shop, :connector, :wake, :since, 0, 0) ON CONFLICT (shop, connector) DO NOTHING;

-- name: poll_count
-- Is it enrolled?
SELECT count(*) FROM poll WHERE shop = :shop AND connector = :connector;

-- name: poll_due
-- Who has waited longest.
-- any shop: one thread asks for all shops in turn
SELECT shop, connector, since, next, newest, failures FROM poll WHERE wake <= :now ORDER BY wake, shop LIMIT 1;

-- name: poll_settle
-- What became of one asking. A round that goes on keeps its last end.
UPDATE poll SET wake = :wake, since = :since, next = :next, newest = :newest, polled_at = coalesce(:polled_at, polled_at),
    failures = :failures, reason = :reason
WHERE shop = :shop AND connector = :connector;

-- name: poll_list
-- Where we stand with each shop system. :limit
SELECT connector, polled_at, wake, since, failures, coalesce(reason, '') FROM poll WHERE shop = :shop ORDER BY connector LIMIT :limit;
