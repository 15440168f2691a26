import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { followEvents } from '../../../../src/preview/page/server/event-source.ts';
import { waitUntil } from '../../../fixtures/wait-until.ts';

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step();
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that gives each connection the next of `answers`, and the last for ever. */
async function serve(answers: Answer[]): Promise<string> {
  const server = createServer((request, response) => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function follow(url: string) {
  const stop = new AbortController();
  undo.push(() => stop.abort());
  const seen = { data: [] as string[], connected: [] as boolean[], waitsMs: [] as number[] };
  const done = followEvents(
    {
      url,
      onMessage: ({ data }) => seen.data.push(data),
      onConnected: (connected) => seen.connected.push(connected),
      open: async (address, headers, signal) => {
        const response = await fetch(address, { headers, signal });
        if (!response.ok) throw new Error(`status ${response.status}`);
        return response;
      },
      sleep: async (ms) => {
        seen.waitsMs.push(ms);
      },
      random: () => 1,
    },
    stop.signal,
  );
  return { seen, stop, done };
}

const stream = (text: string): Answer => {
  return (_, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text);
};
const open: Answer = (_, response) =>
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': here\n\n');

test('goes on after the last message when the connection breaks', async () => {
  const asked: (string | undefined)[] = [];
  const url = await serve([
    stream('id: 5\ndata: a\n\n'),
    (request, response) => {
      asked.push(request.headers['last-event-id'] as string | undefined);
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('id: 6\ndata: b\n\n');
    },
  ]);
  const { seen } = follow(url);
  await waitUntil(() => seen.data.length === 2, 'both messages');
  expect(seen.data).toEqual(['a', 'b']);
  expect(asked).toEqual(['5']);
  expect(seen.connected).toEqual([true, false, true]);
});

test('waits longer with each refusal, and comes back', async () => {
  const refuse: Answer = (_, response) => response.writeHead(503).end();
  const { seen } = follow(await serve([refuse, refuse, refuse, open]));
  await waitUntil(() => seen.connected.at(-1) === true, 'the connection');
  expect(seen.waitsMs).toEqual([500, 1000, 2000]);
});

test('honours the wait that the server asks for', async () => {
  const { seen } = follow(await serve([stream('retry: 3000\ndata: a\n\n'), open]));
  await waitUntil(() => seen.connected.length === 3, 'the second connection');
  expect(seen.waitsMs).toEqual([3000]);
});

test('ends with its signal, and closes the connection', async () => {
  let closed = false;
  const url = await serve([
    (request, response) => {
      response.on('close', () => {
        closed = true;
      });
      open(request, response);
    },
  ]);
  const { seen, stop, done } = follow(url);
  await waitUntil(() => seen.connected.length === 1, 'the connection');
  stop.abort();
  await done;
  await waitUntil(() => closed, 'the server to see it closed');
});
