import { expect, test } from 'vitest';
import { read } from './project.ts';

interface PackageJson {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
}

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly resolved?: string; readonly version?: string }>>;
}

const manifest = JSON.parse(read('package.json')) as PackageJson;
const lock = JSON.parse(read('package-lock.json')) as LockFile;
const direct = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });

test('every dependency is pinned to one version', () => {
  expect(direct.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

test('the lock file has the versions of package.json', () => {
  expect(
    direct.filter(([name, version]) => lock.packages[`node_modules/${name}`]?.version !== version),
  ).toEqual([]);
});

test('no dependency runs a script at install, for anybody', () => {
  expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
});

test('the project has no install script, which that setting would skip', () => {
  const hooks = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish'];
  expect(Object.keys(manifest.scripts).filter((name) => hooks.includes(name))).toEqual([]);
});

test('everything comes from the npm registry', () => {
  const elsewhere = Object.entries(lock.packages).filter(
    ([, { resolved }]) => resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/'),
  );
  expect(elsewhere.map(([name]) => name)).toEqual([]);
});
