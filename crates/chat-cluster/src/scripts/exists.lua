-- exists.lua
-- Whether a room is in some life.
-- KEYS: era, meta, log, snap
-- ARGV: era
if redis.call('HGET', KEYS[1], 'e') ~= ARGV[1] then return { 'era' } end
if redis.call('HGET', KEYS[2], 'r') ~= ARGV[1] then return { 'absent' } end
return { 'ok' }
