-- Adds sales to the copy of a day, if they are the next that it lacks. A copy that lacks more is dropped, to be made anew.
--
-- KEYS     the copy of the day: units and last sale by product (sorted sets), and its state "<epoch> <revision> <products>"
-- ARGV     epoch and revision that the day has with these sales, then product, units and time of the last sale of each

local state = redis.call('GET', KEYS[3])
if not state then
  return 0
end
local epoch, revision = state:match('^(%S+) (%d+)')
local ahead = tonumber(ARGV[2]) - tonumber(revision)
if epoch ~= ARGV[1] or ahead > 1 then
  redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
  return 0
end
if ahead < 1 then
  return 0
end
for i = 3, #ARGV, 3 do
  redis.call('ZINCRBY', KEYS[1], ARGV[i + 1], ARGV[i])
  redis.call('ZADD', KEYS[2], 'GT', ARGV[i + 2], ARGV[i])
end
redis.call('SET', KEYS[3], epoch .. ' ' .. ARGV[2] .. ' ' .. redis.call('ZCARD', KEYS[1]), 'KEEPTTL')
return 1
