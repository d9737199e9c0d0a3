-- Decides for customers who ask for one coupon, in order of arrival.
--
-- KEYS[1]  the copy of the coupon, one hash, so that it can be lost only as a whole:
--            epoch, quantity
--            taken         how many have it or a reservation
--            first, next   the tickets of the reservations that may be open: from first up to next - 1
--            open          how many of them are
--            u<user>       the admission of one who has it, ~<ticket> of one with a reservation
--            t<ticket>     <user>:<reservation>
-- ARGV     epoch, then user and reservation of each
-- Answers  nothing without a copy of this epoch; else first, open, and for each customer
--            R  reserved   P  has a reservation   H<admission>  has it   S  sold out

local copy = redis.call('HMGET', KEYS[1], 'epoch', 'quantity', 'taken', 'first', 'next', 'open')
if copy[1] ~= ARGV[1] then
  return false
end
local quantity, taken = tonumber(copy[2]), tonumber(copy[3])
local following, open = tonumber(copy[5]), tonumber(copy[6])
local before = following
local answer = {}
for i = 2, #ARGV, 2 do
  local user, reservation = ARGV[i], ARGV[i + 1]
  local held = redis.call('HGET', KEYS[1], 'u' .. user)
  if held then
    answer[#answer + 1] = held:sub(1, 1) == '~' and 'P' or 'H' .. held
  elseif taken >= quantity then
    answer[#answer + 1] = 'S'
  else
    redis.call('HSET', KEYS[1], 'u' .. user, '~' .. following, 't' .. following, user .. ':' .. reservation)
    taken, following, open = taken + 1, following + 1, open + 1
    answer[#answer + 1] = 'R'
  end
end
if following > before then
  redis.call('HSET', KEYS[1], 'taken', taken, 'next', following, 'open', open)
end
return { copy[4], tostring(open), unpack(answer) }
