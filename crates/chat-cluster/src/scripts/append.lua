#!lua
-- append.lua
-- One batch of one node gets its place in the log of a room, once, and is told to all who follow it.
-- What an era before has left of the room is as good as absent.
-- (The first line lets a full engine refuse it before its first write; without, only the first command.)
-- KEYS: era, meta, log, snap
-- ARGV: era, ttl_ms, life, node, batch number, batch, channel, how far the node has read, entries that stay
-- behind a snapshot, opening (none = the room must be there)
if redis.call('HGET', KEYS[1], 'e') ~= ARGV[1] then return { 'era' } end
local m = redis.call('HMGET', KEYS[2], 'r', 'e', 'n', 't', 'a', 'b:' .. ARGV[4], 's')
local life, n, prev, at, last, snap = m[2], tonumber(m[3]), m[4], tonumber(m[5]), tonumber(m[6]), tonumber(m[7])
if m[1] ~= ARGV[1] then
  if not ARGV[10] then return { 'absent' } end
  redis.call('DEL', KEYS[2], KEYS[3], KEYS[4])
  redis.call('HSET', KEYS[2], 'r', ARGV[1], 'e', ARGV[3], 's', 0, 'f', ARGV[10])
  n, prev, at, last, snap = 0, '-', 0, nil, 0
elseif life ~= ARGV[3] then
  return { 'life' }
end
if last and tonumber(ARGV[5]) <= last then return { 'known', n } end
if tonumber(ARGV[8]) < snap - ARGV[9] then return { 'behind' } end
local time = redis.call('TIME')
at = math.max(at, time[1] * 1000 + math.floor(time[2] / 1000))
n = n + 1
local tag = ARGV[4] .. '-' .. ARGV[5]
-- The log first: it refuses what is foreign to it, and then nothing is half done.
redis.call('XADD', KEYS[3], string.format('%.0f-0', n), 'p', prev, 't', tag, 'a', at, 'c', ARGV[6])
redis.call('HSET', KEYS[2], 'n', n, 't', tag, 'a', at, 'b:' .. ARGV[4], ARGV[5])
for i = 2, 4 do redis.call('PEXPIRE', KEYS[i], ARGV[2]) end
redis.call('PUBLISH', ARGV[7], string.format('%s %.0f %s %s %.0f\n', ARGV[3], n, prev, tag, at) .. ARGV[6])
return { 'ok', n }
