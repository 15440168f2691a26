import { execFile } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DebianRoot, noDebianBecause } from '../fixtures/debian-root.ts';
import { projectRoot } from '../fixtures/program.ts';
import { noMachineBecause, SystemdMachine } from '../fixtures/systemd-machine.ts';
import { waitUntil } from '../fixtures/wait-until.ts';

const run = promisify(execFile);
const BUILD = join(projectRoot, 'packaging/build-deb.sh');
/** Compressing well takes two minutes. */
const QUICKLY = { ...process.env, DPKG_DEB_COMPRESSOR_LEVEL: '0' };
const BUILD_MS = 240_000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ocellus-package-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function build(arch: string, version: string): Promise<string> {
  const args = ['--arch', arch, '--version', version, '--out', folder];
  const { stdout } = await run(BUILD, args, { env: QUICKLY, timeout: BUILD_MS, maxBuffer: 16 << 20 });
  return stdout.trim();
}

/** e_machine of the ELF specification. */
const MACHINES = { amd64: 62, arm64: 183 } as const;

describe.each(['amd64', 'arm64'] as const)('the package for %s', (arch) => {
  let deb: string;
  let content: string;
  beforeAll(async () => {
    deb = await build(arch, '0.1.0');
    content = join(folder, `content-${arch}`);
    await run('dpkg-deb', ['-R', deb, content]);
  }, BUILD_MS);

  it('has binaries of this architecture and of no other', () => {
    const found = new Map<string, number>();
    for (const file of filesIn(content)) {
      const machine = elfMachine(join(content, file));
      if (machine !== undefined) found.set(file, machine);
    }
    expect([...found].filter(([, machine]) => machine !== MACHINES[arch])).toEqual([]);
    const names = [...found.keys()].map((file) => file.split('/').at(-1));
    for (const needed of ['node', 'libonnxruntime.so.1', 'wrtc.node', 'koffi.node']) {
      expect(names, needed).toContain(needed);
    }
    expect(names.some((name) => /^libvips-cpp\.so/.test(name!))).toBe(true);
    expect(filesIn(content).filter((file) => /\.(dylib|dll|exe)$/.test(file))).toEqual([]);
  });

  it('takes at most 300 MB of the disk', () => {
    const bytes = filesIn(content).reduce((sum, file) => sum + statSync(join(content, file)).size, 0);
    expect(bytes).toBeLessThan(300e6);
  });

  it('lists all that it brings: every npm package and Node', () => {
    const sbom = JSON.parse(readFileSync(join(content, 'usr/share/doc/ocellus/sbom.cdx.json'), 'utf8'));
    expect(sbom).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: 'ocellus' } } });
    const listed = new Set((sbom.components as { name: string }[]).map(({ name }) => name));
    const installed = packagesIn(join(content, 'usr/lib/ocellus/node_modules'));
    expect(installed.length).toBeGreaterThan(50);
    expect(installed.filter((name) => !listed.has(name))).toEqual([]);
    expect(listed).toContain('nodejs');
    for (const ofDevelopers of ['vitest', 'typescript', '@biomejs/biome']) {
      expect(listed).not.toContain(ofDevelopers);
      expect(installed).not.toContain(ofDevelopers);
    }
  });
});

it.each([
  [['--arch', 'riscv64'], 'there is no package for riscv64'],
  [['--ersion', '1'], 'unknown option --ersion'],
  [['--version'], '--version needs a value'],
])('build-deb.sh %j is refused: %s', async (args, why) => {
  await expect(run(BUILD, args)).rejects.toMatchObject({ code: 64, stderr: expect.stringContaining(why) });
});

const reason = noDebianBecause() ?? noMachineBecause();
if (reason !== undefined && process.env.CI === undefined) {
  describe.skip(`the package on a clean Debian 12 (${reason})`, () => {
    it('was not tried', () => {});
  });
} else {
  describe('the package on a clean Debian 12', onDebian);
}

function onDebian(): void {
  let root: DebianRoot | undefined;
  let machine: SystemdMachine;
  const packages = { old: '', new: '' };

  beforeAll(async () => {
    if (reason !== undefined) throw new Error(`no Debian can be made here: ${reason}`);
    const [old, made] = await Promise.all([build('amd64', '0.1.0'), DebianRoot.make()]);
    root = made;
    const { stdout: depends } = await run('dpkg-deb', ['-f', old, 'Depends']);
    const [newer] = await Promise.all([build('amd64', '0.1.1'), root.satisfy(depends.trim())]);
    machine = await SystemdMachine.bootRoot(root.path);
    packages.old = share(old);
    packages.new = share(newer);
  }, 600_000);
  afterAll(async () => {
    await machine?.stop();
    await root?.remove();
  });

  /** Where a file of this system is in the machine. */
  const share = (file: string) => {
    const name = file.split('/').at(-1)!;
    copyFileSync(file, join(machine.shared, name));
    return `/srv/shared/${name}`;
  };
  const install = (deb: string) => machine.expect('dpkg', '--install', deb);
  const active = () => machine.property('ActiveState');
  const enabled = async () => (await machine.run('systemctl', 'is-enabled', 'ocellus')).stdout.trim();
  const version = async () => (await machine.expect('ocellus', '--version')).trim();
  const get = async (path: string): Promise<unknown> => {
    const script = `fetch('http://127.0.0.1:8080${path}').then((r) => r.text()).then((t) => console.log(t))`;
    return JSON.parse(await machine.expect('/usr/lib/ocellus/node/bin/node', '-e', script));
  };
  const events = async () => ((await get('/api/events?limit=100')) as { events: { type: string }[] }).events;

  it('is installed: enabled, and ready as it stands', async () => {
    await install(packages.old);
    expect(await enabled()).toBe('enabled');
    expect(await active()).toBe('active');
    expect(await version()).toBe('0.1.0');
    expect(await machine.expect('stat', '-c', '%U:%G %a', '/etc/ocellus/ocellus.yaml')).toBe(
      'root:ocellus 660\n',
    );
    const main = await machine.property('MainPID');
    expect(await machine.expect('stat', '-c', '%U', `/proc/${main}`)).toBe('ocellus\n');
  });

  it('sees what happens on the simulated street, once one is configured', async () => {
    await machine.expect('sh', '-c', 'printf %s "$0" > /etc/ocellus/ocellus.yaml', STREET);
    await machine.expect('systemctl', 'reload', 'ocellus');
    const begun = async () => (await events()).some(({ type }) => type === 'object.started');
    await waitUntil(begun, 'an object', 60_000);
  });

  it('is upgraded: configuration and events are kept, and the new program runs', async () => {
    const before = await machine.property('MainPID');
    const known = (await events()).length;
    await install(packages.new);
    expect(await version()).toBe('0.1.1');
    expect(await active()).toBe('active');
    expect(await machine.property('MainPID')).not.toBe(before);
    expect(await machine.expect('cat', '/etc/ocellus/ocellus.yaml')).toBe(STREET);
    expect((await events()).length).toBeGreaterThanOrEqual(known);
    expect(await machine.run('test', '-e', '/etc/ocellus/ocellus.yaml.dpkg-dist')).toMatchObject({
      status: 1,
    });
  });

  it('stays off over an upgrade where the operator switched it off', async () => {
    await machine.expect('systemctl', 'disable', '--now', 'ocellus');
    await install(packages.new);
    expect(await enabled()).toBe('disabled');
  });

  it('a configuration that is wrong does not break the installation', async () => {
    await machine.expect('systemctl', 'enable', 'ocellus');
    await machine.expect('sh', '-c', 'echo "camras: {}" >> /etc/ocellus/ocellus.yaml');
    await install(packages.new);
    expect((await machine.expect('dpkg-query', '-W', '-f', '${db:Status-Status}', 'ocellus')).trim()).toBe(
      'installed',
    );
    await waitUntil(async () => (await active()) === 'failed', 'the refusal');
    expect(await machine.property('ExecMainStatus')).toBe('78');
  });

  it('is removed: nothing runs, and what the operator owns stays', async () => {
    await machine.expect('dpkg', '--remove', 'ocellus');
    expect(await machine.expect('find', '/proc', '-maxdepth', '1', '-user', 'ocellus')).toBe('');
    expect(await machine.run('test', '-e', '/usr/lib/ocellus')).toMatchObject({ status: 1 });
    await machine.expect('test', '-s', '/etc/ocellus/ocellus.yaml');
    await machine.expect('test', '-d', '/var/lib/ocellus');
  });

  it('is purged: nothing is left', async () => {
    await machine.expect('dpkg', '--purge', 'ocellus');
    const left = await machine.shell(
      "find / -xdev -name '*ocellus*' -not -path '/proc/*' -not -path '/srv/*' -not -path '/run/systemd/*' -not -path '/var/log/journal/*' -print",
    );
    expect(left.split('\n').filter((path) => path !== '')).toEqual([]);
    expect(await machine.run('getent', 'passwd', 'ocellus')).toMatchObject({ status: 2 });
    expect(await machine.run('getent', 'group', 'ocellus')).toMatchObject({ status: 2 });
    expect(await machine.property('LoadState')).toBe('not-found');
  });
}

const STREET = `cameras:
  street:
    source: sim://street?seed=7
    detect: { fps: 5 }
models:
  default: { file: demo-scene }
`;

function filesIn(top: string): string[] {
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(top.length + 1));
}

function packagesIn(modules: string): string[] {
  return readdirSync(modules)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name],
    );
}

/** Undefined when it is no ELF file. */
function elfMachine(file: string): number | undefined {
  const head = Buffer.alloc(20);
  const fd = openSync(file, 'r');
  try {
    if (readSync(fd, head, 0, 20, 0) < 20 || head.toString('latin1', 0, 4) !== '\x7fELF') return undefined;
  } finally {
    closeSync(fd);
  }
  return head.readUInt16LE(18);
}
