-- message.sql: stage 4, messages and their words.

-- name: message_append
-- A message without words yet; whether it may leave is asked next.
INSERT INTO message (id, shop, at, cause, order_id, customer_id, class, lane, channel, template, topic, address,
    about, skip, state, next_at, not_after, attempts)
VALUES (:id, :shop, :at, :cause, :order_id, :customer_id, :class, :lane, :channel, :template, :topic, :address,
    :about, :skip, 'new', 0, :not_after, 0);

-- name: message_take
-- Messages that wait for their words, receipts first. :limit
-- any shop: the flow works for all shops in one turn
SELECT id, shop, order_id, customer_id, class, channel, template, address, skip, about, topic,
    (SELECT c.chosen_at FROM consent AS c WHERE c.shop = message.shop AND c.id = message.about) FROM message
WHERE state = 'new' ORDER BY lane, id LIMIT :limit;

-- name: message_words
-- The words are fixed: it may leave (ready), or would have (excluded).
UPDATE message SET state = :state, reason = :reason, words = :words, subject = :subject,
    body_bytes = :body_bytes, locale = :locale, legal_id = :legal_id
WHERE shop = :shop AND id = :id AND state = 'new';

-- name: message_stop
-- It will not leave: excluded, failed or aside, with its reason.
UPDATE message SET state = :state, reason = :reason, words = :words
WHERE shop = :shop AND id = :id AND state = :seen;

-- name: message_sent_as
-- A message as it was or would have been sent, for the catcher and the owner.
SELECT m.address, m.subject, m.state, m.reason, m.words, b.body, m.body_bytes, m.at, m.template, m.order_id, m.lane
FROM message AS m LEFT JOIN message_body AS b ON b.shop = m.shop AND b.id = m.id WHERE m.shop = :shop AND m.id = :id;

-- name: message_shop
-- Whose message it is.
-- any shop: the catcher and the command line name a message by its id alone
SELECT shop FROM message WHERE id = :id;

-- name: message_replay
-- Words are tried again for a message that failed for want of them.
UPDATE message SET state = 'new', reason = NULL, words = NULL, next_at = :now
WHERE shop = :shop AND id = :id AND state = 'failed' AND reason IN ('aside', 'not_rendered');
