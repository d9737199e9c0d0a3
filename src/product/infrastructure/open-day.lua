-- Puts the loaded copy of a day into use, unless there is a whole one that is as new.
--
-- KEYS     the copy: units, last sales, state; the loaded one: units, last sales
-- ARGV     epoch, revision, how many milliseconds it may live

local epoch, revision, products = (redis.call('GET', KEYS[3]) or ''):match('^(%S+) (%d+) (%d+)$')
local whole = redis.call('ZCARD', KEYS[1]) == tonumber(products) and redis.call('ZCARD', KEYS[2]) == tonumber(products)
if whole and epoch == ARGV[1] and tonumber(revision) >= tonumber(ARGV[2]) then
  return redis.call('DEL', KEYS[4], KEYS[5])
end
redis.call('RENAME', KEYS[4], KEYS[1])
redis.call('RENAME', KEYS[5], KEYS[2])
redis.call('SET', KEYS[3], ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. redis.call('ZCARD', KEYS[1]))
for i = 1, 3 do
  redis.call('PEXPIRE', KEYS[i], ARGV[3])
end
return 1
