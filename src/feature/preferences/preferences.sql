-- preferences.sql: what somebody may choose, by the message whose link was followed.

-- name: preferences_message
-- Whom the message went to.
-- any shop: the signed token is the right to choose for this one address
SELECT message.shop, message.channel, message.address, coalesce(message.locale, '') FROM message WHERE id = :id;

-- name: preferences_known
-- The last word of an address on each topic; '' speaks for all of marketing. :limit
SELECT topic, state, basis FROM consent
WHERE shop = :shop AND channel = :channel AND address = :address ORDER BY chosen_at DESC, id DESC LIMIT :limit;
