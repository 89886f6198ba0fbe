-- Requests the newest page of one conversation after another.
package.path = string.match(debug.getinfo(1, "S").source, "^@(.*/)") .. "?.lua;" .. package.path
local people = require("people")
local number = 0

function init(arguments) people.read(arguments[1]) end

function request()
  local room, token = people.one(number)
  number = number + 1
  return wrk.format("GET", "/api/conversations/" .. room .. "/messages", {["Authorization"] = "Bearer " .. token})
end
