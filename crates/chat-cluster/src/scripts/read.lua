-- read.lua
-- The entries after a place, as many as are asked for.
-- KEYS: era, meta, log, snap
-- ARGV: era, ttl_ms, life, after, count
if redis.call('HGET', KEYS[1], 'e') ~= ARGV[1] then return { 'era' } end
local m = redis.call('HMGET', KEYS[2], 'r', 'e', 'n')
if m[1] ~= ARGV[1] then return { 'absent' } end
if m[2] ~= ARGV[3] then return { 'life' } end
for i = 2, 4 do redis.call('PEXPIRE', KEYS[i], ARGV[2]) end
local answer = { 'ok', m[3] }
local first = string.format('%.0f-0', tonumber(ARGV[4]) + 1)
for _, entry in ipairs(redis.call('XRANGE', KEYS[3], first, '+', 'COUNT', ARGV[5])) do
  answer[#answer + 1] = string.match(entry[1], '^%d+')
  for i = 2, 8, 2 do answer[#answer + 1] = entry[2][i] end
end
return answer
