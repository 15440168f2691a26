#!/usr/bin/env node
import { keepBufferPoolSmall } from './base/buffer-pool.ts';
import { forgoIdleCollections } from './base/garbage-collector.ts';
import { endProcess } from './cli/end-process.ts';
import { runCli } from './cli/program.ts';

const SIGNAL_STATUS = { SIGINT: 130, SIGTERM: 143 } as const;

forgoIdleCollections();
keepBufferPoolSmall();
const stop = new AbortController();
let signalStatus: number | undefined;

for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // A second signal is somebody who will not wait for the drain.
    if (signalStatus !== undefined) endProcess(SIGNAL_STATUS[name]);
    signalStatus = SIGNAL_STATUS[name];
    stop.abort();
  });
}

const status = await runCli(process.argv, {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
});
endProcess(signalStatus ?? status);
