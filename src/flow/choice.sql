-- choice.sql: what people chose about being written to.

-- name: choice_get
-- Who chose, on what grounds: for the mail that asks to confirm it.
SELECT channel, address, basis FROM consent WHERE shop = :shop AND id = :id;

-- name: choice_known
-- The last choice of an address on exactly this topic.
SELECT state, basis, chosen_at FROM consent
WHERE shop = :shop AND channel = :channel AND address = :address AND topic = :topic
ORDER BY chosen_at DESC, id DESC LIMIT 1;
