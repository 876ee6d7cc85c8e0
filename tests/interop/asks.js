// ClientProxy, unchanged: reads {queue, pattern, data} a line, writes what firstValueFrom gave a line. usage: node asks.js URL
// Also: `client` (options of the ClientProxy), `record` (options of an RmqRecord), `emit`, `all` (every answer), `wait` (ms), `mark`.
'use strict';
require('reflect-metadata');
const { ClientProxyFactory, Transport, RmqRecordBuilder } = require('@nestjs/microservices');
const { Logger } = require('@nestjs/common');
const { EmptyError, firstValueFrom, lastValueFrom, timeout, toArray } = require('rxjs');
const readline = require('node:readline');

Logger.overrideLogger(false);
const url = process.argv[2];
const clients = new Map();

function client(queue, options) {
  const key = JSON.stringify([queue, options]);
  if (!clients.has(key)) {
    const all = { urls: [url], queue, queueOptions: { durable: true }, ...options };
    clients.set(key, ClientProxyFactory.create({ transport: Transport.RMQ, options: all }));
  }
  return clients.get(key);
}

async function ask({ queue, pattern, data, record, emit, client: options, all, wait = 10000 }) {
  const proxy = client(queue, options);
  const payload = record ? new RmqRecordBuilder(data).setOptions(record).build() : data;
  try {
    if (emit) {
      await firstValueFrom(proxy.emit(pattern, payload), { defaultValue: undefined });
      return { emitted: true };
    }
    const answers = proxy.send(pattern, payload).pipe(timeout(wait));
    if (all) return { values: await lastValueFrom(answers.pipe(toArray())) };
    const value = await firstValueFrom(answers);
    return value === undefined ? { undefined: true } : { value };
  } catch (error) {
    if (error instanceof EmptyError) return { empty: true };
    if (error instanceof Error) return { failed: error.name };
    return { err: error };
  }
}

readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  const question = JSON.parse(line);
  const answer = await ask(question);
  process.stdout.write(JSON.stringify(question.mark === undefined ? answer : { mark: question.mark, ...answer }) + '\n');
}).on('close', () => process.exit(0));
