-- The most sold products over several days; of equals the one sold last comes first, then the one with the lower id.
--
-- KEYS     the sum of these days: units, last sales, and the states that it was made of; then for each day: units, last sales, state
-- ARGV     how many products, how many milliseconds the sum may live, then epoch and revision of each day
-- Answers  "stale" and the numbers of the days whose copies are older or incomplete, or
--          "top" and product, units, time of the last sale of each

local days = (#KEYS - 3) / 3
local states, stale = {}, { 'stale' }
local units, sold = {}, {}
for day = 1, days do
  units[day], sold[day] = KEYS[day * 3 + 1], KEYS[day * 3 + 2]
  local state = redis.call('GET', KEYS[day * 3 + 3]) or ''
  local epoch, revision, products = state:match('^(%S+) (%d+) (%d+)$')
  local whole = epoch == ARGV[day * 2 + 1]
    and tonumber(revision) >= tonumber(ARGV[day * 2 + 2])
    and redis.call('ZCARD', units[day]) == tonumber(products)
    and redis.call('ZCARD', sold[day]) == tonumber(products)
  if not whole then
    stale[#stale + 1] = tostring(day)
  end
  states[day] = state
end
if #stale > 1 then
  return stale
end

local sum = table.concat(states, ',')
if redis.call('GET', KEYS[3]) ~= sum or redis.call('EXISTS', KEYS[1], KEYS[2]) < 2 then
  redis.call('ZUNIONSTORE', KEYS[1], days, unpack(units))
  sold[#sold + 1], sold[#sold + 2] = 'AGGREGATE', 'MAX'
  redis.call('ZUNIONSTORE', KEYS[2], days, unpack(sold))
  redis.call('SET', KEYS[3], sum)
  for i = 1, 3 do
    redis.call('PEXPIRE', KEYS[i], ARGV[2])
  end
end

local wanted = tonumber(ARGV[1])
local ranked = redis.call('ZRANGE', KEYS[1], '+inf', '(0', 'BYSCORE', 'REV', 'LIMIT', 0, wanted, 'WITHSCORES')
local last = ranked[#ranked]
if not last then
  return { 'top' }
end
-- Of those who sold as much as the last one, all may stand in its place.
local found = {}
for _, product in ipairs(redis.call('ZRANGE', KEYS[1], last, last, 'BYSCORE')) do
  found[#found + 1] = { product, tonumber(last) }
end
for i = 1, #ranked, 2 do
  if ranked[i + 1] ~= last then
    found[#found + 1] = { ranked[i], tonumber(ranked[i + 1]) }
  end
end
for _, each in ipairs(found) do
  each[3] = tonumber(redis.call('ZSCORE', KEYS[2], each[1]))
end
table.sort(found, function(a, b)
  if a[2] ~= b[2] then
    return a[2] > b[2]
  end
  if a[3] ~= b[3] then
    return a[3] > b[3]
  end
  return tonumber(a[1]) < tonumber(b[1])
end)
local answer = { 'top' }
for i = 1, math.min(wanted, #found) do
  answer[#answer + 1] = found[i][1]
  answer[#answer + 1] = string.format('%.0f', found[i][2])
  answer[#answer + 1] = string.format('%.0f', found[i][3])
end
return answer
