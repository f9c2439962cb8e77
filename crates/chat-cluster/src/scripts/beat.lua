-- beat.lua
-- A node says that it is there, and must hear itself on its own channel.
-- KEYS: era, node, engines
-- ARGV: era, the node's since and instance, ttl_ms, channel
if redis.call('HGET', KEYS[1], 'e') ~= ARGV[1] then return { 'era' } end
-- A key that has lapsed is put back: whoever took the node for gone said so in the logs of rooms, where it reads it.
local held = redis.call('GET', KEYS[2])
if held and held ~= ARGV[2] then return { 'taken' } end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
redis.call('PEXPIRE', KEYS[3], ARGV[3])
redis.call('PUBLISH', ARGV[4], '')
local time = redis.call('TIME')
return { 'ok', time[1] * 1000 + math.floor(time[2] / 1000) }
