#!lua
-- snapshot.lua
-- Puts a state in the place of the log up to n, of which the last entries stay for who is a little behind;
-- forgets the last batch of each node that has none among those.
-- (The first line: as in append.lua.)
-- KEYS: era, meta, log, snap
-- ARGV: era, ttl_ms, life, n, tag, state, entries that stay
if redis.call('HGET', KEYS[1], 'e') ~= ARGV[1] then return { 'era' } end
local m = redis.call('HMGET', KEYS[2], 'r', 'e', 'n', 's')
local n = tonumber(ARGV[4])
if m[1] ~= ARGV[1] or m[2] ~= ARGV[3] or n <= tonumber(m[4]) or n > tonumber(m[3]) then return { 'no' } end
local id = string.format('%.0f-0', n)
local entry = redis.call('XRANGE', KEYS[3], id, id)[1]
if not entry or entry[2][4] ~= ARGV[5] then return { 'no' } end
redis.call('SET', KEYS[4], ARGV[6])
redis.call('HSET', KEYS[2], 's', n)
redis.call('XTRIM', KEYS[3], 'MINID', string.format('%.0f-0', math.max(1, n - ARGV[7] + 1)))
local nodes = {}
for _, left in ipairs(redis.call('XRANGE', KEYS[3], '-', '+')) do
  nodes['b:' .. string.match(left[2][4], '^%d+')] = true
end
for _, field in ipairs(redis.call('HKEYS', KEYS[2])) do
  if string.sub(field, 1, 2) == 'b:' and not nodes[field] then redis.call('HDEL', KEYS[2], field) end
end
for i = 2, 4 do redis.call('PEXPIRE', KEYS[i], ARGV[2]) end
return { 'ok' }
