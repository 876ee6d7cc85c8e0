// A program of another team on kafkajs. A line {send: topic, value, key?} writes one record, as NestJS's ClientKafka.emit does; {read: topic,
// group} begins to read a topic from its beginning. Each is answered by one line, and so is each record that is read: {topic, key, value}.
// usage: node others.js HOST:PORT
'use strict';
const readline = require('node:readline');
const { Kafka, logLevel } = require('kafkajs');

const kafka = new Kafka({ clientId: 'others', brokers: [process.argv[2]], logLevel: logLevel.NOTHING });
const producer = kafka.producer();
const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');

async function read(topic, group) {
  const consumer = kafka.consumer({ groupId: group });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) =>
      say({ topic, key: message.key && message.key.toString(), value: JSON.parse(message.value.toString()) }),
  });
}

async function main() {
  await producer.connect();
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const asked = JSON.parse(line);
    if (asked.send) {
      await producer.send({ topic: asked.send, messages: [{ key: asked.key ?? null, value: JSON.stringify(asked.value) }] });
      say({ sent: true });
    } else {
      await read(asked.read, asked.group);
      say({ reading: true });
    }
  }
}

main();
