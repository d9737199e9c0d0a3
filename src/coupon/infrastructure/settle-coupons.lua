-- Brings the copy of a coupon in step with what the database has decided. Doing it twice, or late, changes nothing more.
--
-- KEYS[1]  the copy of the coupon
-- ARGV     epoch, then user, reservation and admission of each; admission 0 gives the reservation back

local copy = redis.call('HMGET', KEYS[1], 'epoch', 'taken', 'first', 'next', 'open')
if copy[1] ~= ARGV[1] then
  return 0
end
local taken, first, following, open = tonumber(copy[2]), tonumber(copy[3]), tonumber(copy[4]), tonumber(copy[5])
for i = 2, #ARGV, 3 do
  local user, reservation, admission = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local held = redis.call('HGET', KEYS[1], 'u' .. user)
  local ticket = held and held:sub(1, 1) == '~' and 't' .. held:sub(2)
  if admission ~= '0' then
    if ticket then
      redis.call('HDEL', KEYS[1], ticket)
      open = open - 1
    elseif not held then
      taken = taken + 1
    end
    redis.call('HSET', KEYS[1], 'u' .. user, admission)
  elseif ticket and redis.call('HGET', KEYS[1], ticket) == user .. ':' .. reservation then
    redis.call('HDEL', KEYS[1], ticket, 'u' .. user)
    taken, open = taken - 1, open - 1
  end
end
while first < following and redis.call('HEXISTS', KEYS[1], 't' .. first) == 0 do
  first = first + 1
end
redis.call('HSET', KEYS[1], 'taken', taken, 'first', first, 'open', open)
return 1
