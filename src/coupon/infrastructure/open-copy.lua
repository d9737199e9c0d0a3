-- Puts a loaded copy of a coupon into use, unless there is one.
--
-- KEYS[1]  the copy of the coupon
-- KEYS[2]  the loaded one: who has the coupon (u<user>, admission)
-- ARGV     epoch, quantity, how many milliseconds it may live

if redis.call('HGET', KEYS[1], 'epoch') == ARGV[1] then
  return redis.call('DEL', KEYS[2])
end
local taken = redis.call('HLEN', KEYS[2])
redis.call('HSET', KEYS[2], 'epoch', ARGV[1], 'quantity', ARGV[2], 'taken', taken, 'first', 1, 'next', 1, 'open', 0)
redis.call('RENAME', KEYS[2], KEYS[1])
return redis.call('PEXPIRE', KEYS[1], ARGV[3])
