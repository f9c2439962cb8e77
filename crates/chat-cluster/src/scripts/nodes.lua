-- nodes.lua
-- Since when each of these nodes has been here without a break.
-- KEYS: era, node, node, ...
-- ARGV: era
if redis.call('HGET', KEYS[1], 'e') ~= ARGV[1] then return { 'era' } end
local answer = { 'ok' }
for i = 2, #KEYS do
  local held = redis.call('GET', KEYS[i])
  answer[i] = held and string.match(held, '^%d+') or ''
end
return answer
