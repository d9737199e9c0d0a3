-- Claims a customer's coupon for a payment, unless another payment has it.
--
-- KEYS[1]  the claim
-- ARGV     the payment, for how many milliseconds

local payment = redis.call('GET', KEYS[1])
if payment and payment ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
