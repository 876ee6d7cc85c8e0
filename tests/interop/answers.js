// Three NestJS microservices, unchanged but for their names: stand-ins for the nine published patterns, and oddities of the wire.
// usage: node answers.js URL SUFFIX; writes {"ready":true} once all listen. Decorators are called as functions: no build step.
'use strict';
require('reflect-metadata');
const { NestFactory } = require('@nestjs/core');
const { Controller, Module } = require('@nestjs/common');
const { MessagePattern, EventPattern, Payload, Ctx, RpcException, Transport } = require('@nestjs/microservices');
const { from, of, EMPTY, concat, delay, throwError } = require('rxjs');

const [url, suffix] = process.argv.slice(2);
const LOST = '00000000-0000-0000-0000-000000000000';
const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');

function write({ dto, idempotencyKey }) {
  if (dto.items && dto.items.length === 0) {
    throw new RpcException({ message: ['items must contain at least 1 elements'], error: 'Bad Request', statusCode: 400 });
  }
  return Promise.resolve({ id: 'made', status: 'PENDING', dto, idempotencyKey: idempotencyKey ?? null });
}
function byId({ id }) {
  if (id === LOST) throw new RpcException({ message: `${id} nicht gefunden: Größe`, statusCode: 404 });
  return { id };
}
const page = (asked) => ({ data: [], meta: asked });

const services = {
  order_queue: {
    create_order: write, get_order_by_id: byId, get_orders: page,
    several: () => from([1, 2, 3]),
    several_slow: () => concat(of('first'), of('second').pipe(delay(50))),
    value_then_error: () => concat(of('first'), throwError(() => new RpcException('late')).pipe(delay(1))),
    none: () => EMPTY,
    undefined: () => undefined,
    null: () => null,
    zero: () => 0,
    text: () => 'text',
    echo: (data) => data,
    rpc_text: () => { throw new RpcException('a text'); },
    plain_error: () => { throw new Error('secret'); },
    rejects: () => Promise.reject(new RpcException({ message: 'no', statusCode: 409, more: [1] })),
    headers: (_data, context) => ({
      headers: context.getMessage().properties.headers,
      expiration: context.getMessage().properties.expiration,
      deliveryMode: context.getMessage().properties.deliveryMode ?? null,
      keys: Object.keys(JSON.parse(context.getMessage().content)),
      same: JSON.parse(context.getMessage().content).id === context.getMessage().properties.correlationId,
      pattern: context.getPattern(),
    }),
  },
  inventory_queue: { create_product: write, get_product_by_id: byId, get_products: page },
  payment_queue: { create_payment: write, get_payment_by_id: byId, get_payments_by_order_id: (asked) => [asked] },
};

function controller(handlers) {
  class Handlers {}
  const add = (pattern, name, handle, decorator = MessagePattern) => {
    Handlers.prototype[name] = (data, context) => handle(data, context); // a pattern is kept on the function: each needs its own
    Payload()(Handlers.prototype, name, 0);
    Ctx()(Handlers.prototype, name, 1);
    decorator(pattern)(Handlers.prototype, name, Object.getOwnPropertyDescriptor(Handlers.prototype, name));
  };
  for (const [cmd, handle] of Object.entries(handlers)) add({ cmd }, cmd, handle);
  add('a text pattern', 'textPattern', (data) => ({ text: data }));
  add({ role: 'a', cmd: 'b' }, 'twoKeys', () => 'both');
  add('happened', 'happened', (data) => say({ event: data }), EventPattern);
  Controller()(Handlers);
  return Handlers;
}

async function listen(queue, handlers) {
  class Service {}
  Module({ controllers: [controller(handlers)] })(Service);
  const app = await NestFactory.createMicroservice(Service, {
    logger: false, transport: Transport.RMQ, options: { urls: [url], queue: queue + suffix, queueOptions: { durable: true } },
  });
  await app.listen();
}

Promise.all(Object.entries(services).map(([queue, handlers]) => listen(queue, handlers))).then(() => say({ ready: true }));
process.stdin.on('close', () => process.exit(0)).resume();
