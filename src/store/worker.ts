import { parentPort } from 'node:worker_threads';
import { messageOf, OcellusError } from '../base/errors.ts';
import { Keeper } from './keeper.ts';
import type { FromStore, ToStore } from './messages.ts';

// The thread of the store: whatever waits for the disk waits here.

if (parentPort === null) throw new Error('this file is the entry of a worker thread');
const port = parentPort;
const keeper = new Keeper();

port.on('message', (message: ToStore) => {
  port.postMessage(answer(message));
  // With its port closed, nothing keeps the thread alive.
  if (message.type === 'close') port.close();
});

function answer(message: ToStore): FromStore {
  try {
    return keeper.handle(message);
  } catch (error) {
    const code = error instanceof OcellusError ? error.code : 'store_failed';
    const hint = error instanceof OcellusError ? (error.hint ?? null) : null;
    return { type: 'failed', code, message: messageOf(error), hint };
  }
}
