-- Sends GraphQL documents by POST /graphql. BODIES: a file with one JSON body a line.
-- Always counts the answers of 200 that hold errors: a fast error is not a fast answer.
local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

local requests, n = {}, 0

function init(_)
  local head = "POST /graphql HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port
    .. "\r\nContent-Type: application/json\r\nContent-Length: "
  for line in io.lines(os.getenv("BODIES")) do
    requests[#requests + 1] = head .. #line .. "\r\n\r\n" .. line
  end
end

function request()
  n = n + 1
  return requests[n % #requests + 1]
end

other = 0
function response(status, _, body)
  if status == 200 and body:find('"errors"', 1, true) then other = other + 1 end
end

function done(summary, latency, _)
  local e = summary.errors
  local others = 0
  for _, thread in ipairs(threads) do others = others + (thread:get("other") or 0) end
  io.write(string.format("RES %.1f %d %d %d %d %d %d\n", summary.requests / (summary.duration / 1e6), summary.requests,
    latency:percentile(50), latency:percentile(99), e.status, e.connect + e.read + e.write + e.timeout, others))
end
