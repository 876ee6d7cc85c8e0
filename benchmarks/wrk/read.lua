-- Reads orders by id, each as its owner. READS: a file with a path and, after a space, a bearer token a line.
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

function done(summary, latency, _)
  local e = summary.errors
  io.write(string.format("RES %.1f %d %d %d %d %d\n", summary.requests / (summary.duration / 1e6), summary.requests,
    latency:percentile(50), latency:percentile(99), e.status, e.connect + e.read + e.write + e.timeout))
end
