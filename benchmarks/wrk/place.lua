-- Places orders with a fresh idempotency key each, as many callers in turn.
-- TOKENS, BODIES: files with one bearer token, one JSON body a line; KEY_HEADER, ORDERS_PATH, RUN_ID: texts.
-- COUNT_STATUS: counts every answer but 201, too.
local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
  thread:set("id", #threads)
end

local function lines(path)
  local found = {}
  if path and path ~= "" then
    for line in io.lines(path) do found[#found + 1] = line end
  end
  return found
end

local heads, tails, prefix, n = {}, {}, "", 0

function init(_)
  local start = "POST " .. os.getenv("ORDERS_PATH") .. " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port
    .. "\r\nContent-Type: application/json\r\n"
  local key = os.getenv("KEY_HEADER") .. ": "
  for _, token in ipairs(lines(os.getenv("TOKENS"))) do
    heads[#heads + 1] = start .. "Authorization: Bearer " .. token .. "\r\n" .. key
  end
  if #heads == 0 then heads[1] = start .. key end
  for _, body in ipairs(lines(os.getenv("BODIES"))) do
    tails[#tails + 1] = "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
  end
  prefix = os.getenv("RUN_ID") .. "-" .. id .. "-"
end

function request()
  n = n + 1
  return heads[n % #heads + 1] .. prefix .. n .. tails[n % #tails + 1]
end

other = 0
if os.getenv("COUNT_STATUS") then
  function response(status)
    if status ~= 201 then other = other + 1 end
  end
end

function done(summary, latency, _)
  local e = summary.errors
  local others = 0
  for _, thread in ipairs(threads) do others = others + (thread:get("other") or 0) end
  io.write(string.format("RES %.1f %d %d %d %d %d %d\n", summary.requests / (summary.duration / 1e6), summary.requests,
    latency:percentile(50), latency:percentile(99), e.status, e.connect + e.read + e.write + e.timeout, others))
end
