// The orders service without a framework: amqplib, pg, group commit on two connections. No outbox, no events, no acknowledgement.
const { randomUUID } = require('crypto');
const amqp = require('amqplib');
const { Client } = require('pg');

const QUEUE = process.env.ORDER_QUEUE || 'order_queue';
const AT_ONCE = 64;
const INSERT = 'INSERT INTO order_schema."order"(id,items,total,"idempotencyKey") SELECT * FROM unnest($1::uuid[],$2::jsonb[],$3::numeric[],$4::text[])'
  + ' ON CONFLICT ("idempotencyKey") DO NOTHING RETURNING id,"createdAt"';
const COLUMNS = 'SELECT id,status,items,total,"idempotencyKey","createdAt","updatedAt" FROM order_schema."order" WHERE';

(async () => {
  const channel = await (await amqp.connect(process.env.RABBITMQ_URL || 'amqp://127.0.0.1')).createChannel();
  await channel.assertQueue(QUEUE, { durable: true });
  const queue = [];
  const idle = [];
  const reply = (m, found) => channel.sendToQueue(m.properties.replyTo, Buffer.from(JSON.stringify({ ...found, isDisposed: true })),
    { correlationId: m.properties.correlationId });

  async function record(db, asked) {
    if (!asked.length) return;
    const ids = asked.map(() => randomUUID());
    const values = [ids, asked.map((x) => JSON.stringify(x.data.dto.items)), asked.map((x) => String(x.data.dto.total)), asked.map((x) => x.data.idempotencyKey)];
    const made = new Map((await db.query({ name: 'insert', text: INSERT, values })).rows.map((row) => [row.id, row.createdAt]));
    let earlier = new Map();
    if (made.size < asked.length) {
      const found = await db.query({ name: 'by-key', text: `${COLUMNS} "idempotencyKey"=ANY($1::text[])`, values: [values[3]] });
      earlier = new Map(found.rows.map((row) => [row.idempotencyKey, row]));
    }
    asked.forEach((x, i) => {
      const at = made.get(ids[i]);
      const { dto, idempotencyKey } = x.data;
      const response = at
        ? { id: ids[i], status: 'PENDING', items: dto.items, total: dto.total, idempotencyKey, createdAt: at, updatedAt: at }
        : earlier.get(idempotencyKey);
      reply(x.m, { response });
    });
  }

  async function read(db, asked) {
    if (!asked.length) return;
    const found = await db.query({ name: 'by-id', text: `${COLUMNS} id=ANY($1::uuid[])`, values: [asked.map((x) => x.data.id)] });
    const rows = new Map(found.rows.map((row) => [row.id, row]));
    for (const x of asked) {
      const response = rows.get(x.data.id);
      reply(x.m, response ? { response } : { err: { statusCode: 404, message: 'order not found' } });
    }
  }

  async function flush(db) {
    while (queue.length) {
      const batch = queue.splice(0, AT_ONCE);
      await record(db, batch.filter((x) => x.cmd === 'create_order'));
      await read(db, batch.filter((x) => x.cmd === 'get_order_by_id'));
    }
    idle.push(db);
  }

  for (let n = 0; n < 2; n++) {
    const db = new Client({ connectionString: process.env.DATABASE_URL || 'postgres://postgres@127.0.0.1:5432/bench' });
    await db.connect();
    idle.push(db);
  }
  channel.consume(QUEUE, (m) => {
    const { pattern, data } = JSON.parse(m.content.toString());
    queue.push({ m, cmd: pattern.cmd, data });
    if (idle.length) {
      const db = idle.pop();
      setImmediate(() => flush(db));
    }
  }, { noAck: true });
})();
