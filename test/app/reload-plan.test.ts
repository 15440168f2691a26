import { describe, expect, it, test } from 'vitest';
import { EFFECTS, effectOf, planReload, type ReloadPlan } from '../../src/app/reload-plan.ts';
import type { Secrets } from '../../src/config/referenced-files.ts';
import { configSchema } from '../../src/config/schema.ts';

const camera = (more: object = {}) => ({ source: 'sim://scene', ...more });
const base = {
  mqtt: { url: 'mqtt://127.0.0.1' },
  models: { default: { file: 'a.onnx' }, other: { file: 'b.onnx' } },
  classifiers: { colour: { file: 'c.onnx' } },
  reid: { looks: { file: 'r.onnx' } },
  cameras: {
    front: camera({ classify: { colour: { model: 'colour', objects: ['car'] } } }),
    yard: camera({ model: 'other', reid: { model: 'looks', objects: ['person'] } }),
    hall: camera({
      zones: {
        door: {
          polygon: [
            [0, 0],
            [1, 0],
            [1, 1],
          ],
        },
      },
    }),
  },
};

function plan(wanted: object, was: object = base, secrets: [Secrets, Secrets] = [{}, {}]): ReloadPlan {
  return planReload(
    { config: configSchema.parse(was), secrets: secrets[0] },
    { config: configSchema.parse(wanted), secrets: secrets[1] },
  );
}

const withCamera = (name: 'front' | 'yard' | 'hall', more: object) => ({
  ...base,
  cameras: { ...base.cameras, [name]: { ...base.cameras[name], ...more } },
});

const none = { added: [], removed: [], restarted: [], adapted: [] };

test.each<[what: string, wanted: object, changed: string[], cameras: Partial<ReloadPlan['cameras']>]>([
  ['nothing', base, [], {}],
  [
    'a camera is added',
    { ...base, cameras: { ...base.cameras, gate: camera() } },
    ['cameras.gate'],
    { added: ['gate'] },
  ],
  [
    'one is removed',
    { ...base, cameras: { front: base.cameras.front, yard: base.cameras.yard } },
    ['cameras.hall'],
    { removed: ['hall'] },
  ],
  ['what the governor keeps to', { ...base, governor: { minFps: 2 } }, ['governor.minFps'], {}],
  [
    'which camera comes first',
    withCamera('hall', { priority: 3 }),
    ['cameras.hall.priority'],
    { adapted: ['hall'] },
  ],
  [
    'the model that takes the place of its own',
    { ...base, models: { ...base.models, default: { file: 'a.onnx', smaller: 'other' } } },
    ['models.default.smaller'],
    { restarted: ['front', 'hall'] },
  ],
  [
    'its source',
    withCamera('hall', { source: 'sim://scene?seed=9' }),
    ['cameras.hall.source'],
    { restarted: ['hall'] },
  ],
  [
    'how it is read',
    withCamera('hall', { capture: { transport: 'udp' } }),
    ['cameras.hall.capture.transport'],
    { restarted: ['hall'] },
  ],
  [
    'its rate',
    withCamera('hall', { detect: { fps: 9 } }),
    ['cameras.hall.detect.fps'],
    { restarted: ['hall'] },
  ],
  [
    'detection off',
    withCamera('hall', { detect: { enabled: false } }),
    ['cameras.hall.detect.enabled'],
    { adapted: ['hall'] },
  ],
  ['switched off', withCamera('hall', { enabled: false }), ['cameras.hall.enabled'], { adapted: ['hall'] }],
  [
    'a zone, named and not its corners',
    withCamera('hall', {
      zones: {
        door: {
          polygon: [
            [0, 0],
            [1, 0],
            [0.9, 1],
          ],
        },
      },
    }),
    ['cameras.hall.zones.door'],
    { adapted: ['hall'] },
  ],
  [
    'a line',
    withCamera('hall', { lines: { gate: { from: [0, 0], to: [1, 1] } } }),
    ['cameras.hall.lines.gate'],
    { adapted: ['hall'] },
  ],
  [
    'labels',
    withCamera('hall', { objects: { car: {} } }),
    ['cameras.hall.objects.car'],
    { adapted: ['hall'] },
  ],
  [
    'the motion gate',
    withCamera('hall', { motion: { mode: 'off' } }),
    ['cameras.hall.motion.mode'],
    { adapted: ['hall'] },
  ],
  [
    'a rule and its source',
    withCamera('hall', { source: 'sim://scene?seed=9', zones: {} }),
    ['cameras.hall.source', 'cameras.hall.zones.door'],
    { restarted: ['hall'] },
  ],
  [
    'its detector',
    { ...base, models: { ...base.models, other: { file: 'z.onnx' } } },
    ['models.other.file'],
    { restarted: ['yard'] },
  ],
  [
    'its classifier',
    { ...base, classifiers: { colour: { file: 'z.onnx' } } },
    ['classifiers.colour.file'],
    { restarted: ['front'] },
  ],
  [
    'its re-identification',
    { ...base, reid: { looks: { file: 'z.onnx' } } },
    ['reid.looks.file'],
    { restarted: ['yard'] },
  ],
  [
    'a model that nobody uses',
    { ...base, models: { ...base.models, spare: { file: 's.onnx' } } },
    ['models.spare'],
    {},
  ],
])('%s: what is named, and which cameras it concerns', (_, wanted, changed, cameras) => {
  const made = plan(wanted);
  expect([...made.changed].sort()).toEqual([...changed].sort());
  expect(made.cameras).toEqual({ ...none, ...cameras });
  expect(made.restartNeeded).toEqual([]);
});

test.each<[what: string, http: object, kind: ReloadPlan['http']]>([
  ['a user', { users: { ann: { role: 'admin' } } }, 'renewed'],
  ['a limit', { session: { idleMinutes: 5 } }, 'renewed'],
  ['the address', { listen: '127.0.0.1:8081' }, 'moved'],
  ['TLS', { tls: { selfSigned: true } }, 'moved'],
])('of http, %s', (_, http, kind) => {
  expect(plan({ ...base, http }).http).toBe(kind);
});

test('another certificate takes no other listener', () => {
  const was = { ...base, http: { tls: { certFile: '/a.pem', keyFile: '/a.key' } } };
  expect(plan({ ...base, http: { tls: { certFile: '/b.pem', keyFile: '/b.key' } } }, was).http).toBe(
    'renewed',
  );
});

describe('secrets', () => {
  it('count as the keys that they belong to, and their values are told to nobody', () => {
    const was = { ...base, http: { users: { ann: {} }, tokens: { grafana: {} } } };
    const before = {
      mqttPassword: 'old',
      httpUsers: { ann: 'old' },
      httpTokens: { grafana: 'old' },
      iceCredentials: [],
    };
    const after = {
      mqttPassword: 'n3w',
      httpUsers: { ann: 'n3w' },
      httpTokens: { grafana: 'n3w' },
      iceCredentials: [],
    };
    const made = plan(was, was, [before, after]);
    expect([...made.changed].sort()).toEqual([
      'http.tokens.grafana.secret',
      'http.users.ann.secret',
      'mqtt.password',
    ]);
    expect(made).toMatchObject({ mqtt: true, http: 'renewed', cameras: none });
    expect(JSON.stringify(made)).not.toContain('n3w');
  });
});

test('what only the next start takes over is said, beside what is taken over at once', () => {
  const made = plan({
    ...base,
    device: { id: 'porch' },
    storage: { path: '/srv', retention: { clipsGiB: 1 } },
    log: { level: 'debug' },
  });
  expect([...made.restartNeeded].sort()).toEqual(['device.id', 'storage.path']);
  expect(made).toMatchObject({ storage: true, log: true, mqtt: false, http: 'kept', cameras: none });
});

test('a broker that comes or goes', () => {
  const { mqtt: _, ...without } = base;
  expect(plan(without)).toMatchObject({ changed: ['mqtt'], mqtt: true });
  expect(plan(base, without, [{}, { mqttPassword: 'x' }])).toMatchObject({ changed: ['mqtt'], mqtt: true });
});

test('the table states an effect for every key of the schema, and has no entry that nothing reaches', () => {
  const cameraKeys = Object.keys(configSchema.shape.cameras.unwrap().valueType.shape);
  const keys = [
    ...Object.keys(configSchema.shape).filter((key) => key !== 'cameras'),
    ...cameraKeys.map((key) => `cameras.front.${key}`),
  ];
  for (const key of keys) expect(() => effectOf(key), key).not.toThrow();
  const sections = Object.keys(configSchema.shape);
  for (const [path] of EFFECTS) {
    const [section, , key] = path.split('.');
    expect(sections, path).toContain(section);
    if (section === 'cameras' && key !== undefined) expect(cameraKeys, path).toContain(key);
  }
  expect(() => effectOf('unheard.of')).toThrow('no effect is stated');
});
