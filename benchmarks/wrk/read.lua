-- Reads orders by id, each as its owner. READS: a file with a path and, after a space, a bearer token a line.
-- COUNT_STATUS: counts every answer but 200, too.
local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

local requests, n = {}, 0

function init(_)
  for line in io.lines(os.getenv("READS")) do
    local path, token = line:match("^(%S+) ?(%S*)$")
    local head = "GET " .. path .. " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port .. "\r\n"
    if token ~= "" then head = head .. "Authorization: Bearer " .. token .. "\r\n" end
    requests[#requests + 1] = head .. "\r\n"
  end
end

function request()
  n = n + 1
  return requests[n % #requests + 1]
end

other = 0
if os.getenv("COUNT_STATUS") then
  function response(status)
    if status ~= 200 then other = other + 1 end
  end
end

function done(summary, latency, _)
  local e = summary.errors
  local others = 0
  for _, thread in ipairs(threads) do others = others + (thread:get("other") or 0) end
  io.write(string.format("RES %.1f %d %d %d %d %d %d\n", summary.requests / (summary.duration / 1e6), summary.requests,
    latency:percentile(50), latency:percentile(99), e.status, e.connect + e.read + e.write + e.timeout, others))
end
