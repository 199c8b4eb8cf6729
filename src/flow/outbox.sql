-- outbox.sql: stage 5, bringing messages to the world.

-- name: outbox_shop_next
-- The next shop behind :after that has messages to send.
-- any shop: finds whose turn it is
SELECT min(shop) FROM message WHERE state = 'ready' AND shop > :after
    AND NOT EXISTS (SELECT 1 FROM installation WHERE key = 'hold');

-- name: outbox_due
-- Messages of one lane that may leave now, with what the gate asks of their order. :now, :limit
SELECT m.id, m.class, m.template, m.address, m.not_after, m.attempts, b.body, coalesce(o.placed_at, c.chosen_at),
    CASE WHEN o.deleted_at IS NULL THEN o.quiet ELSE 'deleted' END,
    m.skip, o.cancelled_at, o.delivered_at, s.state, m.topic,
    CASE m.skip WHEN 'with_cancellation' THEN EXISTS (SELECT 1 FROM refund AS r
        JOIN event AS e ON e.shop = r.shop AND e.order_id = r.order_id AND e.kind = 'order.cancelled'
        WHERE r.shop = m.shop AND r.id = m.about AND r.amount >= o.total AND r.currency = o.currency
            AND abs(e.at - r.at) <= 60000) END
FROM message AS m
LEFT JOIN orders AS o ON o.shop = m.shop AND o.id = m.order_id
LEFT JOIN shipment AS s ON s.shop = m.shop AND s.id = m.about
LEFT JOIN consent AS c ON c.shop = m.shop AND c.id = m.about
LEFT JOIN message_body AS b ON b.shop = m.shop AND b.id = m.id
WHERE m.shop = :shop AND m.state = 'ready' AND m.lane = :lane AND m.next_at <= :now
ORDER BY m.next_at, m.id LIMIT :limit;

-- name: outbox_claim
-- Takes a message for one attempt; only if it is still there to take.
UPDATE message SET state = 'claimed' WHERE shop = :shop AND id = :id AND state = 'ready';

-- name: outbox_settle
-- What became of a claimed message.
UPDATE message SET state = :state, reason = :reason, words = CASE WHEN address = 'erased' THEN words ELSE :words END,
    next_at = :next_at, attempts = attempts + :counts
WHERE shop = :shop AND id = :id AND state = 'claimed';

-- name: delivery_append
-- An attempt begins.
INSERT INTO delivery (id, shop, at, cause, attempt, sender, state)
VALUES (:id, :shop, :at, :cause, :attempt, :sender, 'claimed');

-- name: delivery_finish
-- The answer to an attempt, in the server's own words; they may name an address that was erased meanwhile.
UPDATE delivery SET state = :state, code = :code, enhanced = :enhanced, finished_at = :finished_at,
    words = CASE WHEN EXISTS (SELECT 1 FROM message AS m WHERE m.shop = delivery.shop AND m.id = delivery.cause
        AND m.address = 'erased') THEN NULL ELSE :words END
WHERE shop = :shop AND id = :id AND state = 'claimed';

-- name: message_is_erased
-- Was its person erased while it was on its way?
SELECT count(*) FROM message WHERE shop = :shop AND id = :id AND address = 'erased';

-- name: delivery_claimed
-- Attempts that were under way when the program stopped.
-- any shop: after a restart all of them have an unknown outcome
SELECT d.id, d.shop, d.cause, d.at, m.class, m.attempts FROM delivery AS d
JOIN message AS m ON m.shop = d.shop AND m.id = d.cause WHERE d.state = 'claimed' ORDER BY d.id;

-- name: outbox_due_any
-- Is anything due now, whatever its lane? For test control, which works until nothing is.
SELECT id FROM message WHERE shop = :shop AND state = 'ready' AND lane >= 0 AND next_at <= :now
    AND NOT EXISTS (SELECT 1 FROM installation WHERE key = 'hold') LIMIT 1;

-- name: outbox_mend
-- Messages that a clock which was wrong left in the future, written there or put off until then: due now.
-- any shop: there is one clock
UPDATE message SET next_at = :now WHERE state = 'ready' AND next_at > :now AND (at > :latest OR next_at > :longest);
