-- enter.lua
-- A node enters an engine: which era it is there, and since when the node has been in it without a break.
-- The era is a new one where the engine is another process than it was, was emptied, or is not trusted.
-- Refused where nodes that are there name other engines, or in another order: a room would be on two of them.
-- KEYS: era, node, engines
-- ARGV: run_id of the engine, a new era, the era not trusted ('' = none), instance of the node,
--       era and since of the term that it wants to go on with ('' and 0 = none), ttl_ms,
--       which of how many engines this is
local part = redis.call('GET', KEYS[3])
if part and part ~= ARGV[8] then return { 'part', part } end
local known = redis.call('HMGET', KEYS[1], 'r', 'e')
local era = known[2]
if not era or known[1] ~= ARGV[1] or era == ARGV[3] then
  era = ARGV[2]
  redis.call('HSET', KEYS[1], 'r', ARGV[1], 'e', era)
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('GET', KEYS[2])
local since, instance = string.match(held or '', '^(%d+) (.+)$')
if held and instance ~= ARGV[4] then return { 'taken' } end
if not held and era == ARGV[5] then since = ARGV[6] end
if era ~= ARGV[5] or since ~= ARGV[6] then
  since = string.format('%.0f', math.max(now, tonumber(ARGV[6]) + 1))
end
redis.call('SET', KEYS[3], ARGV[8], 'PX', ARGV[7])
redis.call('SET', KEYS[2], since .. ' ' .. ARGV[4], 'PX', ARGV[7])
return { 'ok', era, since, now }
