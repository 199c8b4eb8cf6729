-- reach.sql: whose is a shop?

-- name: reach_stranger
-- Whether somebody owns this shop who is not of the installation.
SELECT 1 FROM user_role WHERE shop = :shop AND role = 'owner'
    AND user_id NOT IN (SELECT user_id FROM user_role WHERE shop = 0 AND role = 'owner') LIMIT 1;
