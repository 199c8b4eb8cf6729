-- catcher.sql: the newest mails of all shops, for the person at this machine.

-- name: catcher_newest
-- What was sent, would have been sent, or waits. :before is the last id of the page before.
-- any shop: the catcher belongs to the installation, and is shown on its own machine only
SELECT m.id, m.at, m.address, m.subject, m.template, CASE WHEN m.state = 'accepted' AND EXISTS (SELECT 1 FROM delivery AS d WHERE d.shop = m.shop
    AND d.cause = m.id AND d.state = 'accepted' AND d.sender = 'catcher') THEN 'caught' ELSE m.state END, m.reason, m.words, s.slug FROM message AS m
JOIN shop AS s ON s.id = m.shop WHERE m.id < :before ORDER BY m.id DESC LIMIT :limit;

-- name: catcher_kept
-- How often it was handed to the catcher instead of a server.
SELECT count(*) FROM delivery WHERE shop = :shop AND cause = :id AND state = 'accepted' AND sender = 'catcher';
