import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OcellusError } from '../../src/base/errors.ts';
import { modelDirs, pullDir, SHIPPED_MODELS_DIR } from '../../src/models/model-dirs.ts';
import { resolveModel } from '../../src/models/model-file.ts';
import { findInRegistry, listRegistry } from '../../src/models/registry.ts';
import { scratch } from '../fixtures/owned.ts';

const nobody = { env: {}, home: '/home/me', uid: 1000 };

describe('where models are', () => {
  it.each([
    [
      'OCELLUS_MODELS_DIR wins',
      { ...nobody, env: { OCELLUS_MODELS_DIR: '/srv/m', XDG_DATA_HOME: '/x' } },
      '/srv/m',
    ],
    [
      "the service's own state folder",
      { ...nobody, env: { STATE_DIRECTORY: '/var/lib/o:/b' } },
      '/var/lib/o/models',
    ],
    ['root fetches for the service', { ...nobody, uid: 0 }, '/var/lib/ocellus/models'],
    ['XDG data folder', { ...nobody, env: { XDG_DATA_HOME: '/x' } }, '/x/ocellus/models'],
    [
      'a relative XDG folder is ignored',
      { ...nobody, env: { XDG_DATA_HOME: 'x' } },
      '/home/me/.local/share/ocellus/models',
    ],
    ['nothing said', nobody, '/home/me/.local/share/ocellus/models'],
  ])('%s', (_, context, folder) => {
    expect(pullDir(context)).toBe(folder);
  });

  it('beside the configuration first, with the program last, each once', () => {
    expect(modelDirs('/etc/ocellus', { ...nobody, uid: 0 })).toEqual([
      '/etc/ocellus/models',
      '/var/lib/ocellus/models',
      SHIPPED_MODELS_DIR,
    ]);
  });
});

describe('the registry', () => {
  it('knows the manifests that come with the program, with licence and accuracy', () => {
    const entries = listRegistry([SHIPPED_MODELS_DIR]);
    const entry = entries.find(({ id }) => id === 'yolox-nano')!;
    expect(entry.manifest).toMatchObject({
      family: 'YOLOX',
      source: { licence: 'Apache-2.0', consent: false, bytes: 3_659_407 },
      accuracy: { ap: 0.258 },
    });
    expect(entries.map(({ id }) => id)).toEqual([...entries.map(({ id }) => id)].sort());
    for (const { id, problem } of entries) expect([id, problem]).toEqual([id, undefined]);
  });

  it('fetches nothing under the AGPL without being told to, and says what the licence asks', () => {
    const agpl = listRegistry([SHIPPED_MODELS_DIR]).filter(({ manifest }) =>
      manifest?.source?.licence.startsWith('AGPL'),
    );
    expect(agpl.length).toBeGreaterThan(0);
    for (const { manifest } of agpl) {
      expect(manifest?.source?.consent).toBe(true);
      expect(manifest?.source?.notice).toContain('AGPL');
    }
  });

  it('takes the manifest from one folder and the pulled file from another', async () => {
    const folder = await scratch('registry');
    const file = join(folder, 'yolox-nano.onnx');
    writeFileSync(file, 'weights');
    const dirs = [folder, SHIPPED_MODELS_DIR];
    expect(resolveModel('yolox-nano', '/nowhere', dirs)).toMatchObject({
      file,
      manifest: { id: 'yolox-nano' },
    });
    expect(findInRegistry('yolox-nano', dirs).installed).toEqual({ file, bytes: 7 });
  });

  it('prefers the file beside the manifest that was found first', async () => {
    const folder = await scratch('registry');
    for (const name of ['a', 'b']) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'demo-scene.onnx'), name);
    }
    copyFileSync(join(SHIPPED_MODELS_DIR, 'demo-scene.yaml'), join(folder, 'b', 'demo-scene.yaml'));
    const dirs = [join(folder, 'a'), join(folder, 'b')];
    expect(resolveModel('demo-scene', '/nowhere', dirs).file).toBe(join(folder, 'b', 'demo-scene.onnx'));
  });

  it('lists a wrong manifest with what is wrong instead of failing', async () => {
    const folder = await scratch('registry');
    writeFileSync(join(folder, 'mine.yaml'), 'id: mine\ndecodr: yolox\n');
    const [entry] = listRegistry([folder]);
    expect(entry).toMatchObject({ id: 'mine', manifest: undefined });
    expect(entry?.problem).toContain('decodr');
    expect(() => findInRegistry('mine', [folder])).toThrow(OcellusError);
  });

  it('names what there is when an id is not known', () => {
    expect(() => findInRegistry('yolo', [SHIPPED_MODELS_DIR])).toThrow(
      expect.objectContaining({ code: 'model_unreadable', hint: expect.stringContaining('yolox-nano') }),
    );
  });
});
