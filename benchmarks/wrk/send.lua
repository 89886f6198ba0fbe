-- Sends POST /api/messages for one user after another.
package.path = string.match(debug.getinfo(1, "S").source, "^@(.*/)") .. "?.lua;" .. package.path
local people = require("people")
local number = 0
local text = string.rep("x", 64)

function init(arguments) people.read(arguments[1]) end

function request()
  local room, token = people.one(number)
  number = number + 1
  local headers = {["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json"}
  return wrk.format("POST", "/api/messages", headers, '{"conversation_id":"' .. room .. '","message":"' .. text .. '"}')
end
