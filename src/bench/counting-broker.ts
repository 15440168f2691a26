import { parentPort } from 'node:worker_threads';
import { connectAsync } from 'mqtt';
import { EmbeddedBroker } from '../mqtt/embedded-broker.ts';

// The thread of a broker with one subscriber, who counts events and looks at their order.

if (parentPort === null) throw new Error('this file is the entry of a worker thread');
const port = parentPort;
const broker = new EmbeddedBroker();
await broker.start();
const client = await connectAsync(broker.url, { protocolVersion: 4 });
let events = 0;
let lastSeq = 0;
let isInOrder = true;
client.on('message', (_, payload) => {
  const { seq } = JSON.parse(payload.toString()) as { seq: number };
  isInOrder &&= seq === lastSeq + 1;
  lastSeq = seq;
  events += 1;
});
await client.subscribeAsync('ocellus/+/cameras/+/events', { qos: 0 });
port.on('message', () => port.postMessage({ events, isInOrder }));
port.postMessage(broker.url);
