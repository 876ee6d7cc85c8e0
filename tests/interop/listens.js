// A NestJS microservice that listens for `orders.created` as published: acknowledges by hand, writes each payload as a line.
// usage: node listens.js URL QUEUE; writes {"ready":true} once it listens; a line ends it. Decorators are called as functions: no build step.
'use strict';
require('reflect-metadata');
const { NestFactory } = require('@nestjs/core');
const { Controller, Module } = require('@nestjs/common');
const { EventPattern, Payload, Ctx, Transport } = require('@nestjs/microservices');

const [url, queue] = process.argv.slice(2);
const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');

class Orders {
  created(data, context) {
    say(data);
    context.getChannelRef().ack(context.getMessage());
  }
}
Payload()(Orders.prototype, 'created', 0);
Ctx()(Orders.prototype, 'created', 1);
EventPattern('orders.created')(Orders.prototype, 'created', Object.getOwnPropertyDescriptor(Orders.prototype, 'created'));
Controller()(Orders);
class Root {}
Module({ controllers: [Orders] })(Root);

(async () => {
  const options = { urls: [url], queue, noAck: false, queueOptions: { durable: true } };
  const app = await NestFactory.createMicroservice(Root, { transport: Transport.RMQ, options, logger: false });
  await app.listen();
  say({ ready: true });
  process.stdin.once('data', async () => {
    await app.close(); // its acknowledgements have arrived then
    say({ closed: true });
  });
})();
