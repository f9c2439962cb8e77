-- leave.lua
-- A node leaves: its key goes, if it is still its own.
-- KEYS: node
-- ARGV: the node's since and instance
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return { 'ok' }
