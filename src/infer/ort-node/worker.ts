import { parentPort } from 'node:worker_threads';
import { messageOf, OcellusError } from '../../base/errors.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { NodeSession } from './node-session.ts';

// The thread of one session: it opens one model, runs it when told to, and ends by itself after `close`.

if (parentPort === null) throw new Error('this file is the entry of a worker thread');
const port = parentPort;
let session: NodeSession | undefined;

port.on('message', (message: ToWorker) => {
  handle(message).then(
    (answer) => post(answer),
    (error: unknown) =>
      post({
        type: 'failed',
        code: error instanceof OcellusError ? error.code : null,
        message: messageOf(error),
        hint: error instanceof OcellusError ? (error.hint ?? null) : null,
      }),
  );
});

async function handle(message: ToWorker): Promise<FromWorker> {
  switch (message.type) {
    case 'open': {
      session = await NodeSession.open(message.options);
      const { inputs, outputs, provider, refused } = session;
      return { type: 'opened', inputs, outputs, provider, refused };
    }
    case 'run': {
      if (session === undefined) throw new Error('no model is open');
      // onnxruntime-node refuses shared memory.
      const isBytes = session.inputs[0]!.type === 'uint8';
      const shared = isBytes ? new Uint8Array(message.input) : new Float32Array(message.input);
      session.input(shared.length).set(shared);
      return { type: 'ran', outputs: await session.run(message.dims) };
    }
    case 'close': {
      await session?.close();
      session = undefined;
      return { type: 'closed' };
    }
  }
}

function post(answer: FromWorker): void {
  const memory = answer.type === 'ran' ? answer.outputs.map(({ data }) => data.buffer as ArrayBuffer) : [];
  port.postMessage(answer, memory);
  // With its port closed, nothing keeps the thread alive.
  if (answer.type === 'closed') port.close();
}
