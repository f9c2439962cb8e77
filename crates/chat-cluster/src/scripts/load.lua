-- load.lua
-- All that a new follower of a room needs, in one step. A life of which the engine has thrown a part away
-- is ended here: no follower could go on from it.
-- KEYS: era, meta, log, snap
-- ARGV: era, ttl_ms, channel
if redis.call('HGET', KEYS[1], 'e') ~= ARGV[1] then return { 'era' } end
local m = redis.call('HMGET', KEYS[2], 'r', 'e', 'n', 't', 's', 'f')
if m[1] ~= ARGV[1] then return { 'absent' } end
local n, covered = tonumber(m[3]), tonumber(m[5])
local snap = redis.call('GET', KEYS[4])
local tail = redis.call('XRANGE', KEYS[3], string.format('%.0f-0', covered + 1), '+')
if #tail ~= n - covered or (covered > 0 and not snap) then
  redis.call('DEL', KEYS[2], KEYS[3], KEYS[4])
  redis.call('PUBLISH', ARGV[3], 'end ' .. m[2])
  return { 'absent' }
end
for i = 2, 4 do redis.call('PEXPIRE', KEYS[i], ARGV[2]) end
local answer = { 'ok', m[2], m[6], n, m[4], snap }
for _, entry in ipairs(tail) do
  answer[#answer + 1] = string.match(entry[1], '^%d+')
  for i = 2, 8, 2 do answer[#answer + 1] = entry[2][i] end
end
return answer
