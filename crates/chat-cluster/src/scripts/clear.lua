-- clear.lua
-- Ends the life of a room whose keys hold what no node has put there, so that the next one can begin; of the
-- life that the asker is in, only if the room is not in another one by now. No word is said of a life, which
-- may be unreadable: whoever follows reads the log, and finds it gone.
-- KEYS: era, meta, log, snap
-- ARGV: era, channel, life (none = whichever it is in)
if redis.call('HGET', KEYS[1], 'e') ~= ARGV[1] then return { 'era' } end
local life = redis.pcall('HGET', KEYS[2], 'e')
if ARGV[3] and type(life) == 'string' and life ~= ARGV[3] then return { 'no' } end
redis.call('DEL', KEYS[2], KEYS[3], KEYS[4])
redis.call('PUBLISH', ARGV[2], '')
return { 'ok' }
