import { Daemon } from '../app/daemon.ts';
import { SystemClock } from '../base/clock.ts';
import { forgoIdleCollections } from '../base/garbage-collector.ts';
import { silentLogger } from '../base/log.ts';
import { configSchema } from '../config/schema.ts';
import { collectGarbage } from './collect-garbage.ts';

/** What the process is told, once. */
export interface PreviewDaemonOrder {
  /** By name. */
  readonly cameras: Readonly<Record<string, { readonly source: string; readonly fps: number }>>;
  readonly model: string;
  /** Its storage. */
  readonly folder: string;
}

// The child that `withPreviewDaemon` starts: a daemon that looks at every frame, served on a port that it tells.
forgoIdleCollections();
const stop = new AbortController();
process.once('disconnect', () => stop.abort());
process.once('message', (order: PreviewDaemonOrder) => {
  // Whatever is said after that asks for a collection: node-webrtc's objects go with those that JavaScript has of them.
  process.on('message', () => {
    collectGarbage();
    process.send?.('collected');
  });
  const daemon = new Daemon({
    config: configSchema.parse({
      device: { id: 'bench' },
      models: { default: { file: order.model } },
      storage: { path: order.folder, reserveMiB: 0 },
      http: { listen: '127.0.0.1:0' },
      cameras: Object.fromEntries(
        Object.entries(order.cameras).map(([name, { source, fps }]) => [
          name,
          { source, detect: { fps }, motion: { mode: 'off' } },
        ]),
      ),
    }),
    baseDir: process.cwd(),
    secrets: {},
    clock: new SystemClock(),
    random: Math.random,
    log: silentLogger,
    onServed: (url) => process.send?.(url),
  });
  void daemon.run(stop.signal).finally(() => process.exit());
});
