import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { stringify } from 'yaml';
import { Daemon } from '../app/daemon.ts';
import { SystemClock } from '../base/clock.ts';
import { createLogger } from '../base/log.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import type { DomainEvent } from '../flow/domain-event.ts';
import { EmbeddedBroker } from '../mqtt/embedded-broker.ts';
import type { CommandIo } from './command-io.ts';
import { positive, tcpPort } from './option-values.ts';

const DEMO_MODEL = fileURLToPath(new URL('../../models/demo-scene.onnx', import.meta.url));

const LOWER_PART = [
  [0, 0.6],
  [1, 0.6],
  [1, 1],
  [0, 1],
];

interface DemoOptions {
  readonly duration?: number;
  readonly seed: number;
  readonly port: number;
}

/** `ocellus demo`: the whole daemon on a simulated camera; needs no camera, no broker and no network. */
export function demoCommand(io: CommandIo): Command {
  return new Command('demo')
    .description('run everything on a simulated street: camera, model, tracking, events, broker, web page')
    .option('--duration <s>', 'end after so many seconds (default: on Ctrl-C)', positive)
    .option('--seed <n>', 'another street', positive, 7)
    .option('--port <n>', 'port of the web page; 0: any that is free', tcpPort, 0)
    .addHelpText(
      'after',
      '\nThe model of the demo was trained on this simulated street and knows nothing else. For real pictures give' +
        '\n`ocellus run` a configuration with a real model: README.md says how in two lines.',
    )
    .action((options: DemoOptions) => demo(io, options));
}

async function demo(io: CommandIo, { duration, seed, port }: DemoOptions): Promise<void> {
  const broker = new EmbeddedBroker();
  await broker.start();
  const folder = await mkdtemp(join(tmpdir(), 'ocellus-demo-'));
  try {
    io.stdout.write(
      `MQTT broker at ${broker.url}: mosquitto_sub -p ${new URL(broker.url).port} -v -t 'ocellus/demo/#'\n` +
        'The model knows this simulated street only.\n',
    );
    const clock = new SystemClock();
    const daemon = new Daemon({
      ...(await demoConfig(broker.url, seed, folder, port)),
      clock,
      random: Math.random,
      log: createLogger({ level: 'warn', clock }),
      onServed: (url) => io.stdout.write(`Web page at ${url}\n`),
      onEvent: (event) => io.stdout.write(`${describeEvent(event)}\n`),
    });
    await runFor(daemon, io.signal, duration);
  } finally {
    await broker.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs until `signal` aborts, or for the duration. */
async function runFor(daemon: Daemon, signal: AbortSignal, durationS: number | undefined): Promise<void> {
  const end = new AbortController();
  const stop = () => end.abort();
  signal.addEventListener('abort', stop, { once: true });
  // Not AbortSignal.timeout: combined by `any`, Node 20 lets the garbage collector take it before its time.
  const timer = durationS === undefined ? undefined : setTimeout(stop, durationS * 1000);
  try {
    await daemon.run(end.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

/** Written to a file, so that zones can be drawn on the page as with any other. */
async function demoConfig(
  brokerUrl: string,
  seed: number,
  folder: string,
  port: number,
): Promise<LoadedConfig> {
  const file = join(folder, 'ocellus.yaml');
  await writeFile(
    file,
    stringify({
      device: { id: 'demo' },
      mqtt: { url: brokerUrl },
      storage: { path: folder },
      http: { listen: `127.0.0.1:${port}` },
      models: { default: { file: DEMO_MODEL } },
      cameras: {
        street: {
          source: `sim://scene?seed=${seed}`,
          detect: { fps: 10 },
          zones: { street: { polygon: LOWER_PART } },
          lines: { middle: { from: [0.5, 1], to: [0.5, 0.4] } },
        },
      },
    }),
  );
  return loadConfig(file, {});
}

/** One line for people. */
function describeEvent(event: DomainEvent): string {
  const time = new Date(event.atMs).toISOString().slice(11, 23);
  const head = `${time} ${event.cameraId} ${event.type.padEnd(15)}`;
  if (event.type === 'camera.state') return `${head} ${event.state}${event.cause ? ` (${event.cause})` : ''}`;
  if ('rule' in event) return `${head} ${event.zone} holds ${event.count} (${event.rule})`;
  return `${head} ${event.label} ${event.score.toFixed(2)} #${event.objectId.slice(-6)}${detailOf(event)}`;
}

function detailOf(event: DomainEvent): string {
  switch (event.type) {
    case 'object.ended':
      return ` (${event.cause})`;
    case 'zone.entered':
    case 'zone.left':
      return ` ${event.zone}`;
    case 'zone.dwelled':
      return ` ${event.zone} for ${Math.round(event.dwellMs / 1000)} s`;
    case 'line.crossed':
      return ` ${event.line} ${event.direction}`;
    default:
      return '';
  }
}
