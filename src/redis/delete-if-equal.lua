-- Deletes the key if its value is still the one given: who comes late must not delete what is another's by now.
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
