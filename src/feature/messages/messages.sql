-- messages.sql: every message, what became of it, and trying again.

-- name: messages_list
-- The newest first, below the cursor. :state, :reason and :template as rows hold them; empty: all.
SELECT id, at, template, subject, address, CASE WHEN message.state = 'accepted' AND EXISTS (SELECT 1 FROM delivery AS d WHERE d.shop = message.shop
    AND d.cause = message.id AND d.state = 'accepted' AND d.sender = 'catcher') THEN 'caught' ELSE message.state END,
    reason, words FROM message
WHERE shop = :shop AND id >= :since AND id < :before AND (:state = '' OR state = :state)
    AND (:reason = '' OR reason = :reason) AND (:template = '' OR template = :template)
ORDER BY id DESC LIMIT :limit;

-- name: messages_found
-- The same of those whose address begins with something (from :from to below :to).
SELECT id, at, template, subject, address, CASE WHEN message.state = 'accepted' AND EXISTS (SELECT 1 FROM delivery AS d WHERE d.shop = message.shop
    AND d.cause = message.id AND d.state = 'accepted' AND d.sender = 'catcher') THEN 'caught' ELSE message.state END,
    reason, words FROM message
WHERE shop = :shop AND id >= :since AND id < :before AND (:state = '' OR state = :state)
    AND (:reason = '' OR reason = :reason) AND (:template = '' OR template = :template)
    AND id IN (SELECT m.id FROM message AS m WHERE m.shop = :shop AND lower(m.address) >= :from AND lower(m.address) < :to)
ORDER BY id DESC LIMIT :limit;

-- name: messages_trouble
-- The same of those that did not arrive, or of which nobody knows; by an index as small as they are few.
SELECT id, at, template, subject, address, state, reason, words FROM message
WHERE shop = :shop AND id >= :since AND id < :before AND state IN ('failed', 'unknown')
    AND (:state = 'trouble' OR state = :state)
    AND (:reason = '' OR reason = :reason) AND (:template = '' OR template = :template)
    AND (:address = '' OR lower(address) LIKE :address ESCAPE '\')
ORDER BY id DESC LIMIT :limit;

-- name: messages_retry_count
-- How many of them there are, and which is the newest: what is confirmed is what happens.
SELECT count(*), coalesce(max(id), 0), count(CASE WHEN state = 'unknown' THEN 1 END),
    count(CASE WHEN class <> 'transactional' THEN 1 END) FROM message
WHERE shop = :shop AND id >= :since AND id < :before AND state IN ('failed', 'unknown')
    AND (:state = 'trouble' OR state = :state)
    AND (:reason = '' OR reason = :reason) AND (:template = '' OR template = :template)
    AND (:address = '' OR lower(address) LIKE :address ESCAPE '\');

-- name: messages_retry
-- Lets some of them try again, the oldest first: ready where their words are fixed, else written anew. The gate asks
-- again, and they are of use at least :until then.
UPDATE message SET state = CASE WHEN subject IS NOT NULL AND EXISTS (SELECT 1 FROM message_body AS b
        WHERE b.shop = message.shop AND b.id = message.id) THEN 'ready' ELSE 'new' END,
    reason = NULL, words = NULL, next_at = 0, attempts = 0,
    not_after = CASE WHEN not_after < :until THEN :until ELSE not_after END
WHERE shop = :shop AND id IN (SELECT id FROM message
    WHERE shop = :shop AND id >= :since AND id < :before AND state IN ('failed', 'unknown')
    AND (:state = 'trouble' OR state = :state)
    AND (:reason = '' OR reason = :reason) AND (:template = '' OR template = :template)
    AND (:address = '' OR lower(address) LIKE :address ESCAPE '\')
    ORDER BY id LIMIT :limit);

-- name: messages_one
-- A message without its words.
SELECT m.id, m.at, m.template, m.template, m.subject, m.address, m.class, CASE WHEN m.state = 'accepted' AND EXISTS (SELECT 1 FROM delivery AS d WHERE d.shop = m.shop
    AND d.cause = m.id AND d.state = 'accepted' AND d.sender = 'catcher') THEN 'caught' ELSE m.state END,
    m.reason, m.reason, m.words, m.next_at,
    m.not_after, m.attempts, m.body_bytes, o.id, o.name, p.id, trim(coalesce(p.first_name, '') || ' ' || coalesce(p.last_name, ''))
FROM message AS m LEFT JOIN orders AS o ON o.shop = m.shop AND o.id = m.order_id
LEFT JOIN customer AS c ON c.shop = m.shop AND c.id = coalesce(m.customer_id, o.customer_id)
LEFT JOIN customer AS p ON p.shop = m.shop AND p.id = coalesce(c.merged_into, c.id)
WHERE m.shop = :shop AND m.id = :id;

-- name: messages_attempts
-- Every attempt with the server's own words.
SELECT id, at, attempt, sender, state, code, enhanced, words, finished_at FROM delivery
WHERE shop = :shop AND cause = :id ORDER BY id LIMIT :limit;

-- name: messages_receipts
-- What came back.
SELECT r.at, r.kind, r.words FROM delivery AS d JOIN receipt AS r ON r.shop = d.shop AND r.cause = d.id
WHERE d.shop = :shop AND d.cause = :id ORDER BY r.id LIMIT :limit;

-- name: messages_why
-- What led to it: what we were told, what that meant, and which journey answered.
SELECT i.at, i.connector, i.topic, e.at, e.kind, e.happened_at, r.journey, r.at, s.at, s.why
FROM message AS m JOIN run_step AS s ON s.shop = m.shop AND s.id = m.cause
JOIN run AS r ON r.shop = s.shop AND r.id = s.cause
LEFT JOIN event AS e ON e.shop = r.shop AND e.id = r.cause
LEFT JOIN inbox AS i ON i.shop = e.shop AND i.id = e.cause
WHERE m.shop = :shop AND m.id = :id LIMIT :limit;
