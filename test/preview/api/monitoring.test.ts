import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningDaemon, runDaemon } from '../../fixtures/running-daemon.ts';
import { waitUntil } from '../../fixtures/wait-until.ts';
import { read } from '../../house/project.ts';

let daemon: RunningDaemon;
beforeAll(async () => {
  // Nobody listens there.
  daemon = await runDaemon({ mqtt: { url: 'mqtt://127.0.0.1:9' } });
  await waitUntil(() => daemon.events.some(({ type }) => type === 'object.started'), 'an object is seen');
}, 60_000);
afterAll(() => daemon?.stop());

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

async function scrape(): Promise<{ types: Map<string, string>; samples: Sample[] }> {
  const response = await fetch(`${daemon.url}/metrics`);
  expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  for (const line of (await response.text()).split('\n')) {
    const [, name = '', type = ''] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (type !== '') types.set(name, type);
    if (line === '' || line.startsWith('#')) continue;
    const match = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (match === null) throw new Error(`no sample: ${line}`);
    const labels = [...(match[2] ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, label, value]) => [
      label,
      value,
    ]);
    samples.push({ name: match[1]!, labels: Object.fromEntries(labels), value: Number(match[3]) });
  }
  return { types, samples };
}

describe('/metrics', () => {
  test('counts what the cameras did, and only upwards', async () => {
    const captured = async () =>
      (await scrape()).samples.find(
        ({ name, labels }) =>
          name === 'ocellus_frames_total' && labels.camera === 'front' && labels.outcome === 'captured',
      )!.value;
    const first = await captured();
    await waitUntil(async () => (await captured()) > first, 'more frames are counted');
  });

  test('has histograms that add up, for every stage that a frame passes', async () => {
    const { samples, types } = await scrape();
    expect(types.get('ocellus_stage_seconds')).toBe('histogram');
    const stages = new Set(
      samples.filter(({ name }) => name === 'ocellus_stage_seconds_count').map(({ labels }) => labels.stage),
    );
    expect([...stages].sort()).toEqual([
      'decode',
      'decoded_to_event',
      'motion',
      'preprocess',
      'queue',
      'run',
      'track',
    ]);
    const run = samples.filter(
      ({ name, labels }) =>
        name === 'ocellus_stage_seconds_bucket' && labels.camera === 'front' && labels.stage === 'run',
    );
    const values = run.map(({ value }) => value);
    expect(values).toEqual(values.toSorted((a, b) => a - b));
    expect(run.at(-1)!.labels.le).toBe('+Inf');
    expect(values.at(-1)).toBeGreaterThan(0);
    expect(
      samples.some(({ name, value }) => name === 'ocellus_capture_to_publish_seconds_count' && value > 0),
    ).toBe(true);
  });

  test('has every metric that the dashboard asks for', async () => {
    const { samples } = await scrape();
    const known = new Set(samples.map(({ name }) => name));
    const dashboard = read('docs/grafana/ocellus.json');
    const asked = new Set(
      [...dashboard.matchAll(/\b(?:ocellus|process|nodejs)_[a-z_]+/g)].map(([name]) => name),
    );
    // They appear with the first picture that is lost, the first connection that is, and on machines that have a sensor or are held back.
    const seldom = [
      'ocellus_pictures_lost_total',
      'ocellus_reconnects_total',
      'ocellus_viewers',
      'ocellus_host_temperature_celsius',
      'ocellus_host_zone_temperature_celsius',
      'ocellus_host_thermal_headroom_celsius',
      'ocellus_host_gpu_load_ratio',
      'ocellus_host_emc_load_ratio',
      'ocellus_host_power_watts',
      'ocellus_host_rail_power_watts',
      'ocellus_host_throttled',
      'ocellus_host_throttled_by',
      'ocellus_host_over_current_events_total',
      'ocellus_host_pressure_ratio',
      'ocellus_host_memory_limit_bytes',
      'ocellus_host_memory_limit_used_bytes',
      'ocellus_governor_reason',
    ];
    expect([...asked].filter((name) => !known.has(name) && !seldom.includes(name))).toEqual([]);
    const { types } = await scrape();
    expect(seldom.filter((name) => !types.has(name))).toEqual([]);
  });

  test('tells that the broker is away, and what waits for it', async () => {
    const { samples } = await scrape();
    const value = (name: string, part?: string) =>
      samples.find((sample) => sample.name === name && sample.labels.part === part)?.value;
    expect(value('ocellus_part_ready', 'mqtt')).toBe(0);
    expect(value('ocellus_part_ready', 'store')).toBe(1);
    expect(value('ocellus_outbox_events')).toBeGreaterThan(0);
  });
});

describe('health', () => {
  const get = async (path: string) => {
    const response = await fetch(`${daemon.url}${path}`);
    return { status: response.status, body: (await response.json()) as Health };
  };
  interface Health {
    readonly ok: boolean;
    readonly parts: readonly {
      readonly part: string;
      readonly ok: boolean;
      readonly detail: string | null;
    }[];
  }

  test('is good where a restart would help nothing', async () => {
    expect(await get('/healthz')).toMatchObject({ status: 200, body: { ok: true } });
  });

  test('is not ready while a part is not, and says which and why', async () => {
    const { status, body } = await get('/readyz');
    expect(status).toBe(503);
    expect(body.parts).toEqual([
      { part: 'store', ok: true, detail: null },
      { part: 'model default', ok: true, detail: null },
      { part: 'mqtt', ok: false, detail: 'there is no connection to the broker: events wait on disk' },
    ]);
  });

  test('the device tells the same', async () => {
    const device = (await (await fetch(`${daemon.url}/api/device`)).json()) as Record<string, unknown>;
    expect(device).toMatchObject({
      deviceId: 'porch',
      mqtt: { state: 'disconnected' },
      store: { ok: true, outbox: { dropped: 0 } },
      models: [{ name: 'default', task: 'detect', provider: 'cpu' }],
    });
  });
});
