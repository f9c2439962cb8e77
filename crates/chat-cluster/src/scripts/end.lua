-- end.lua
-- Ends a life of a room, where it is the one it is in; with a place, only if the log still ends there.
-- KEYS: era, meta, log, snap
-- ARGV: era, life, channel, n and tag of the place (none = wherever it ends)
if redis.call('HGET', KEYS[1], 'e') ~= ARGV[1] then return { 'era' } end
local m = redis.call('HMGET', KEYS[2], 'r', 'e', 'n', 't')
if m[1] ~= ARGV[1] or m[2] ~= ARGV[2] then return { 'no' } end
if ARGV[4] and (m[3] ~= ARGV[4] or m[4] ~= ARGV[5]) then return { 'no' } end
redis.call('DEL', KEYS[2], KEYS[3], KEYS[4])
redis.call('PUBLISH', ARGV[3], 'end ' .. ARGV[2])
return { 'ok' }
