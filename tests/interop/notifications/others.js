// Programs of another team on grpc-js and mongoose. A line {ask: orderId} calls the published method at argv[2]; {find: orderId}
// reads the collection by mongoose, {create: {…}} writes one document with it; {serve: [notification…]} serves the published
// method on a port of its own. Each is answered by one line. usage: node others.js HOST:PORT MONGO_URL
'use strict';
const path = require('node:path');
const readline = require('node:readline');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const mongoose = require('mongoose');

const [, , address, url] = process.argv;
const definition = loader.loadSync(path.join(__dirname, 'published.proto'), { longs: String, defaults: false });
const { NotificationService } = grpc.loadPackageDefinition(definition).notification;
const schema = new mongoose.Schema(
  {
    orderId: { type: Number, required: true },
    userId: { type: Number, required: true },
    message: String,
    status: { type: String, default: 'pending' },
    sentAt: Date,
  },
  { timestamps: true },
);
const Notification = mongoose.model('Notification', schema);
let client;

function ask(orderId) {
  client ??= new NotificationService(address, grpc.credentials.createInsecure());
  return new Promise((done) =>
    client.GetNotifications({ orderId }, { deadline: Date.now() + 10_000 }, (error, reply) =>
      done(error ? { code: grpc.status[error.code], details: error.details } : reply),
    ),
  );
}

function serve(notifications) {
  const server = new grpc.Server();
  server.addService(NotificationService.service, {
    GetNotifications: ({ request }, done) =>
      done(null, { notifications: notifications.filter((one) => one.orderId === request.orderId) }),
  });
  return new Promise((done, failed) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) =>
      error ? failed(error) : done({ port }),
    ),
  );
}

async function work(line) {
  if ('ask' in line) return ask(line.ask);
  if ('serve' in line) return serve(line.serve);
  if (mongoose.connection.readyState === 0) await mongoose.connect(url, { autoIndex: false });
  if ('create' in line) return (await Notification.create(line.create)).toObject();
  const found = await Notification.find({ orderId: line.find }).exec();
  return found.map((one) => ({ ...one.toObject(), kinds: kinds(one) }));
}

function kinds(one) {
  const raw = one.toObject();
  return Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, value?.constructor?.name]));
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let answer;
    try {
      answer = await work(JSON.parse(line));
    } catch (error) {
      answer = { error: String(error) };
    }
    process.stdout.write(JSON.stringify(answer) + '\n');
  }
})();
