-- The tokens and conversations of `manage.py bench_data`. The argument of wrk after `--` is their directory.
local people = {tokens = {}, rooms = {}}

function people.read(directory)
  for line in io.lines(directory .. "/tokens.txt") do people.tokens[#people.tokens + 1] = line end
  for line in io.lines(directory .. "/rooms.txt") do people.rooms[#people.rooms + 1] = line end
end

-- Returns a conversation and the token of one of its participants. Any number is valid: the list repeats.
function people.one(number)
  local room = number % #people.rooms
  return people.rooms[room + 1], people.tokens[2 * room + 1 + math.floor(number / #people.rooms) % 2]
end

return people
