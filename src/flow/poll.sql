-- poll.sql: asking the shop systems for what their webhooks did not bring.

-- name: poll_enroll
-- A shop that can be asked from now on.
INSERT INTO poll (shop, connector, noun, wake, since, newest, failures)
VALUES (:shop, :connector, :noun, :wake, :since, 0, 0) ON CONFLICT (shop, connector, noun) DO NOTHING;

-- name: poll_count
-- Is it enrolled?
SELECT count(*) FROM poll WHERE shop = :shop AND connector = :connector AND noun = :noun;

-- name: poll_due
-- Who has waited longest.
-- any shop: one thread asks for all shops in turn
SELECT shop, connector, noun, since, next, newest, failures FROM poll WHERE wake <= :now ORDER BY wake, shop, noun LIMIT 1;

-- name: poll_settle
-- What became of one asking. A round that goes on keeps its last end.
UPDATE poll SET wake = :wake, since = :since, next = :next, newest = :newest, polled_at = coalesce(:polled_at, polled_at),
    failures = :failures, reason = :reason, hidden = CASE WHEN :seen > 0 THEN :hidden ELSE hidden END
WHERE shop = :shop AND connector = :connector AND noun = :noun;

-- name: poll_list
-- Where we stand with each shop system. :limit
SELECT connector, noun, polled_at, wake, since, failures, coalesce(reason, ''), coalesce(hidden, '') FROM poll
WHERE shop = :shop ORDER BY connector, noun LIMIT :limit;
