// The gateway without a framework: raw http, hand-written validation, amqplib with direct reply-to.
const http = require('http');
const amqp = require('amqplib');

const QUEUE = process.env.ORDER_QUEUE || 'order_queue';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const valid = (o) => Array.isArray(o.items) && o.items.length > 0 && typeof o.total === 'number'
  && o.items.every((i) => UUID.test(i.productId) && Number.isInteger(i.quantity) && i.quantity > 0 && typeof i.price === 'number');

function answer(res, status, out) {
  res.writeHead(status, { 'content-type': 'application/json', 'access-control-allow-origin': '*', 'content-length': Buffer.byteLength(out) });
  res.end(out);
}

(async () => {
  const channel = await (await amqp.connect(process.env.RABBITMQ_URL || 'amqp://127.0.0.1')).createChannel();
  await channel.assertQueue(QUEUE, { durable: true });
  const waiting = new Map();
  let count = 0;
  await channel.consume('amq.rabbitmq.reply-to', (m) => {
    const id = m.properties.correlationId;
    const asked = waiting.get(id);
    waiting.delete(id);
    if (!asked) return;
    const { response, err } = JSON.parse(m.content.toString());
    if (err) answer(asked.res, err.statusCode || 503, JSON.stringify({ success: false, data: err }));
    else answer(asked.res, asked.status, JSON.stringify({ success: true, data: response }));
  }, { noAck: true });
  const ask = (res, status, cmd, data) => {
    const id = String(++count);
    waiting.set(id, { res, status });
    channel.sendToQueue(QUEUE, Buffer.from(JSON.stringify({ pattern: { cmd }, data, id })), { correlationId: id, replyTo: 'amq.rabbitmq.reply-to' });
  };
  http.createServer((req, res) => {
    if (req.method === 'GET') {
      if (req.url === '/health') return answer(res, 200, '{"success":true,"data":{"status":"ok"}}');
      const id = req.url.slice('/api/orders/'.length);
      return UUID.test(id) ? ask(res, 200, 'get_order_by_id', { id, lang: 'en' }) : answer(res, 400, '{"success":false}');
    }
    const chunks = [];
    req.on('data', (chunk) => chunks.push(chunk));
    req.on('end', () => {
      const o = JSON.parse(Buffer.concat(chunks).toString());
      if (!valid(o)) return answer(res, 400, '{"success":false}');
      ask(res, 201, 'create_order', { dto: { items: o.items, total: o.total }, idempotencyKey: req.headers['x-idempotency-key'], lang: 'en' });
    });
  }).listen(+process.env.PORT, '127.0.0.1');
})();
