-- The oldest reservations of a coupon that nobody has settled, in order of their tickets.
--
-- KEYS[1]  the copy of the coupon
-- ARGV     epoch, how many at most
-- Answers  <user>:<reservation> of each

local copy = redis.call('HMGET', KEYS[1], 'epoch', 'first', 'next')
local answer = {}
if copy[1] ~= ARGV[1] then
  return answer
end
for ticket = tonumber(copy[2]), tonumber(copy[3]) - 1 do
  if #answer >= tonumber(ARGV[2]) then
    break
  end
  local reservation = redis.call('HGET', KEYS[1], 't' .. ticket)
  if reservation then
    answer[#answer + 1] = reservation
  end
end
return answer
