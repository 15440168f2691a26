// Loaded into the daemon before it (`node --import`): writes what stands, garbage excluded, to $SOAK_SAMPLES every 2 s.
import { appendFileSync, openSync, readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

const { SOAK_SAMPLES: file, SOAK_LEAK: leak } = process.env;
if (isMainThread && file !== undefined) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const kept = [];
  const timers = [];
  // They would keep the process from ending.
  process.once('SIGTERM', () => timers.forEach(clearInterval));
  setInterval(() => {
    if (leak === 'memory') kept.push(new Array(65_536).fill(kept.length));
    if (leak === 'files') openSync('/dev/null', 'r');
    if (leak === 'timers') timers.push(setInterval(() => {}, 1e6));
    collect();
    const { rss, heapUsed, external } = process.memoryUsage();
    const sample = {
      monoMs: performance.now(),
      rssMiB: rss / 2 ** 20,
      heapMiB: heapUsed / 2 ** 20,
      externalMiB: external / 2 ** 20,
      handles: process.getActiveResourcesInfo().length,
      threads: readdirSync('/proc/self/task').length,
      files: readdirSync('/proc/self/fd').length,
    };
    appendFileSync(file, `${JSON.stringify(sample)}\n`);
  }, 2_000).unref();
}
