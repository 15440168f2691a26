import { setFlagsFromString } from 'node:v8';

/**
 * V8 takes a process with little garbage for an idle one and collects its whole heap again and again to give memory back.
 * A daemon is that process for years: measured with one camera at 10 fps, it is a quarter of all CPU outside inference,
 * for no memory worth mentioning.
 */
export function forgoIdleCollections(): void {
  setFlagsFromString('--no-memory-reducer');
}
