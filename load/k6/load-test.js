// The load profiles of the blueprint rpc for k6: `tradewind load` has the same stages, steps and metrics without k6.
//
//   k6 run load/k6/load-test.js                                       smoke against http://127.0.0.1:3000
//   K6_PROFILE=stress BASE_URL=https://shop.example SCALE=0.1 k6 run load/k6/load-test.js
//
// K6_PROFILE: smoke, load, stress, spike. SCALE multiplies all times and users. PAUSE: seconds between two walks of a user.
import http from 'k6/http';
import { check, fail, sleep } from 'k6';
import { Counter, Rate, Trend } from 'k6/metrics';

const PROFILES = {
  smoke: [[2, 30], [2, 60], [0, 30]],
  load: [[20, 120], [20, 300], [50, 120], [50, 300], [0, 120]],
  stress: [[50, 120], [50, 180], [100, 120], [100, 180], [200, 120], [200, 480], [0, 120]],
  spike: [[10, 30], [300, 30], [300, 120], [10, 30], [10, 60], [0, 30]],
};

const profile = __ENV.K6_PROFILE || 'smoke';
const base = (__ENV.BASE_URL || 'http://127.0.0.1:3000').replace(/\/+$/, '');
const scale = Number(__ENV.SCALE || 1);
const pause = Number(__ENV.PAUSE || 1.4);
if (!PROFILES[profile]) throw new Error(`no profile ${profile}; there is ${Object.keys(PROFILES).join(', ')}`);
if (!(scale > 0)) throw new Error(`SCALE=${__ENV.SCALE}: write a number above 0`);

const stages = PROFILES[profile].map(([users, seconds]) => ({
  target: users ? Math.max(1, Math.round(users * scale)) : 0,
  duration: `${Math.max(1, Math.round(seconds * scale * 1000))}ms`,
}));

export const options = {
  scenarios: { [profile]: { executor: 'ramping-vus', startVUs: 0, stages, gracefulRampDown: '10s', gracefulStop: '10s' } },
  thresholds: { errors: ['rate<0.01'], http_req_duration: ['p(95)<500'] },
  summaryTrendStats: ['avg', 'min', 'med', 'p(90)', 'p(95)', 'p(99)', 'max'],
};

const errors = new Rate('errors');
const orderLatency = new Trend('order_latency', true);
const inventoryLatency = new Trend('inventory_latency', true);
const paymentLatency = new Trend('payment_latency', true);
const ordersCreated = new Counter('orders_created');

const between = (least, most) => least + Math.floor(Math.random() * (most - least + 1));
const uuid = () => 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, () => between(0, 15).toString(16));

function data(response) {
  try {
    return response.json('data');
  } catch (_) {
    return null;
  }
}

function done(response, wanted, what) {
  const fine = response.status === wanted;
  check(response, { [`${what} answers ${wanted}`]: () => fine });
  errors.add(!fine);
  return fine;
}

function get(path, name) {
  return http.get(`${base}${path}`, { tags: { name: `GET ${name || path}` }, timeout: '15s' });
}

function order(products) {
  const items = [];
  let cents = 0;
  for (let n = between(1, 3); n > 0; n--) {
    const quantity = between(1, 5);
    const price = between(100, 9999);
    items.push({ productId: products.length ? products[between(0, products.length - 1)] : uuid(), quantity, price: price / 100 });
    cents += quantity * price;
  }
  return { items, total: cents / 100 };
}

export function setup() {
  const health = http.get(`${base}/health`, { timeout: '5s' });
  if (health.status !== 200) fail(`${base}/health answers ${health.status || health.error}: is it running?`);
}

export default function () {
  done(get('/health'), 200, 'GET /health');

  const listing = get('/api/products');
  inventoryLatency.add(listing.timings.duration);
  let products = [];
  if (done(listing, 200, 'GET /api/products')) {
    const page = data(listing);
    const rows = Array.isArray(page) ? page : (page && page.data) || [];
    products = rows.map((row) => row.id).filter(Boolean);
  }

  const placed = http.post(`${base}/api/orders`, JSON.stringify(order(products)), {
    headers: { 'Content-Type': 'application/json', 'X-Idempotency-Key': uuid() },
    tags: { name: 'POST /api/orders' },
    timeout: '15s',
  });
  orderLatency.add(placed.timings.duration);
  if (done(placed, 201, 'POST /api/orders')) {
    ordersCreated.add(1);
    const id = (data(placed) || {}).id;
    done(get(`/api/orders/${id}`, '/api/orders/:id'), 200, 'GET /api/orders/:id');
  }
  const payments = get('/api/payments', '/api/payments');
  paymentLatency.add(payments.timings.duration);
  done(payments, 200, 'GET /api/payments');
  sleep(pause * (0.7 + 0.6 * Math.random()));
}
