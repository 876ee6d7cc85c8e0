// A program of another team, on amqplib alone: a line {queue, send: [text…], take: n, declare: {…}} does all of it and
// answers {taken: [{body, headers}…], depth}. It declares the queue as published programs do. usage: node amqp.js URL
'use strict';
const amqp = require('amqplib');
const readline = require('node:readline');

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function work(channel, { queue, send = [], take = 0, declare = { durable: true } }) {
  await channel.assertQueue(queue, declare);
  for (const body of send) channel.sendToQueue(queue, Buffer.from(body, 'latin1'));
  const taken = [];
  while (taken.length < take) {
    const message = await channel.get(queue);
    if (!message) await pause(20);
    else {
      channel.ack(message);
      taken.push({ body: message.content.toString('latin1'), headers: message.properties.headers });
    }
  }
  return { taken, depth: (await channel.checkQueue(queue)).messageCount };
}

(async () => {
  const channel = await (await amqp.connect(process.argv[2])).createChannel();
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await work(channel, JSON.parse(line))) + '\n');
  }
})();
