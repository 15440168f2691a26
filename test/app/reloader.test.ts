import { expect, it } from 'vitest';
import type { ReloadPlan } from '../../src/app/reload-plan.ts';
import { Reloader } from '../../src/app/reloader.ts';
import { OcellusError } from '../../src/base/errors.ts';
import type { LoadedConfig } from '../../src/config/load.ts';
import { configSchema } from '../../src/config/schema.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { recordingLog } from '../fixtures/recording-log.ts';

const withLevel = (level: string): LoadedConfig => ({
  config: configSchema.parse({ log: { level } }),
  secrets: {},
  baseDir: '/',
});

/** A reloader whose file is a list of texts, the last one current, and whose steps wait to be let on. */
function rig(start = true) {
  const inForce = withLevel('info');
  const file = { now: withLevel('info') as LoadedConfig | Error };
  const commits: string[] = [];
  const gates: (() => void)[] = [];
  const { log, lines } = recordingLog();
  const load = () => {
    if (file.now instanceof Error) throw file.now;
    return file.now;
  };
  const reloader = new Reloader({
    inForce: inForce as { config: LoadedConfig['config']; secrets: LoadedConfig['secrets'] },
    origin: { file: '/ocellus.yaml', read: load, load },
    steps: {
      prepare: async () => ({ models: undefined as never, cameras: new Map() }),
      commit: async (_plan: ReloadPlan, wanted: LoadedConfig) => {
        await new Promise<void>((resolve) => gates.push(resolve));
        commits.push(wanted.config.log.level);
        inForce.config.log = wanted.config.log;
        return [];
      },
    },
    reported: () => {},
    clock: new FakeClock(),
    log,
  });
  if (start) void reloader.start();
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  return { reloader, file, commits, gates, lines, turn };
}

it('takes one at a time, and of those that wait only the newest file', async () => {
  const { reloader, file, commits, gates, turn } = rig();
  file.now = withLevel('debug');
  const first = reloader.reload();
  await turn();
  const waiting = [reloader.reload(), reloader.reload()];
  file.now = withLevel('error');
  await turn();
  expect(gates, 'the second has not begun').toHaveLength(1);
  gates.shift()!();
  expect(await first).toMatchObject({ outcome: 'applied', changed: ['log.level'] });
  await turn();
  gates.shift()!();
  const [second, third] = await Promise.all(waiting);
  expect(second).toBe(third);
  expect(commits).toEqual(['debug', 'error']);
});

it('a file that is wrong is reported with every issue and its line, and nothing is touched', async () => {
  const { reloader, file, commits, lines } = rig();
  const issue = {
    file: 'ocellus.yaml',
    line: 3,
    column: 1,
    path: 'cameras.front.sorce',
    message: 'unknown key "sorce"',
  };
  file.now = new OcellusError('config_invalid', 'ocellus.yaml is wrong', { issues: [issue] });
  expect(await reloader.reload()).toMatchObject({
    outcome: 'refused',
    changed: [],
    failures: [{ part: 'cameras.front.sorce', message: 'line 3: unknown key "sorce"' }],
  });
  expect(commits).toEqual([]);
  expect(lines).toMatchObject([
    { level: 'error', message: 'the configuration was not taken over: nothing changed' },
  ]);
  expect(reloader.last?.outcome).toBe('refused');
});

it('waits until the daemon runs', async () => {
  const { reloader, file, commits, gates, turn } = rig(false);
  file.now = withLevel('debug');
  const early = reloader.reload();
  await turn();
  expect(gates).toEqual([]);
  await reloader.start();
  await turn();
  gates.shift()!();
  expect((await early).outcome).toBe('applied');
  expect(commits).toEqual(['debug']);
});

it('closing lets the one that goes on end, and refuses those that wait or come', async () => {
  const { reloader, file, commits, gates, turn } = rig();
  file.now = withLevel('debug');
  const first = reloader.reload();
  await turn();
  const second = reloader.reload();
  const closed = reloader.close();
  gates.shift()!();
  expect((await first).outcome).toBe('applied');
  expect(await second).toMatchObject({ outcome: 'refused', failures: [{ message: 'the daemon stops' }] });
  await closed;
  expect((await reloader.reload()).outcome).toBe('refused');
  expect(commits).toEqual(['debug']);
});

it('one that never ran settles what waits when it is closed', async () => {
  const { reloader } = rig(false);
  const early = reloader.reload();
  await reloader.close();
  expect((await early).outcome).toBe('refused');
});
