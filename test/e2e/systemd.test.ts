import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fatefulDetector } from '../fixtures/detector-onnx.ts';
import { makeClip } from '../fixtures/streams-clip.ts';
import { noMachineBecause, SystemdMachine } from '../fixtures/systemd-machine.ts';
import { onnxModel } from '../fixtures/tiny-onnx.ts';
import { waitUntil } from '../fixtures/wait-until.ts';

// The unit as it ships, under a real systemd: what only that can show. Tests follow one another on one machine.

const MODEL = '/usr/lib/ocellus/models/demo-scene.onnx';
const FREEZER = '/sys/fs/cgroup/freezer/stuck';
const WATCHDOG_S = 6;

const reason = noMachineBecause();
if (reason !== undefined && process.env.CI === undefined) {
  describe.skip(`ocellus.service under a real systemd (${reason})`, () => {
    it('was not tried', () => {});
  });
} else {
  describe('ocellus.service under a real systemd', underSystemd);
}

function underSystemd(): void {
  let machine: SystemdMachine;

  beforeAll(async () => {
    if (reason !== undefined) throw new Error(`no systemd can be booted here: ${reason}`);
    machine = await SystemdMachine.boot();
    await prepare(machine);
  }, 120_000);
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail')
      process.stderr.write(await machine.expect('journalctl', '-u', 'ocellus', '-n', '50'));
  });
  afterAll(() => machine?.stop());

  const property = (name: string) => machine.property(name);
  const configure = (options: ConfigOptions) =>
    machine.expect('sh', '-c', 'printf %s "$0" > /etc/ocellus/ocellus.yaml', configOf(options));
  /** The process id of the ffmpeg that reads a camera; one that decodes a still may run beside it. */
  const frontFfmpeg = async () => (await machine.expect('pgrep', '-f', '^/usr/bin/ffmpeg .*rtsp://')).trim();
  const allLive = async () => (await property('StatusText')).startsWith('2 of 2 cameras live');

  it('is active once it is ready: cameras over RTSP, the broker and the page work within its limits', async () => {
    await configure({});
    await machine.expect('systemctl', 'start', 'ocellus');
    expect(await property('ActiveState')).toBe('active');
    await waitUntil(allLive, 'both cameras', 60_000);
    // Named by the unit's own credential: the broker lets nobody else in.
    const heard = await machine.shell(
      'mosquitto_sub -u ocellus -P s3cret -t ocellus/box/availability -C 1 -W 20',
    );
    expect(heard.trim()).toBe('online');
    expect(await machine.expect('node', '-e', FETCH, 'http://127.0.0.1:8080/readyz')).toBe('200');
    const processes = await machine.expect('systemctl', 'status', 'ocellus', '--no-pager', '--full');
    expect(processes).toContain('/usr/bin/ffmpeg');
    expect(processes).toContain('/usr/bin/gst-launch-1.0');
    expect(processes).not.toContain('s3cret');
  });

  it('has no privileges, nor have its children', async () => {
    const main = await property('MainPID');
    const ffmpeg = await frontFfmpeg();
    const uid = (await machine.expect('id', '-u', 'ocellus')).trim();
    for (const pid of [main, ffmpeg]) {
      const status = await machine.expect('cat', `/proc/${pid}/status`);
      expect(status).toMatch(new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s+${uid}`, 'm'));
      expect(status).toMatch(/^CapEff:\s+0+$/m);
      expect(status).toMatch(/^CapBnd:\s+0+$/m);
      expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
      expect(status).toMatch(/^Seccomp:\s+2$/m);
    }
    const asService = [
      'nsenter',
      '-t',
      main,
      '--mount',
      'setpriv',
      '--reuid=ocellus',
      '--regid=ocellus',
      '--init-groups',
    ];
    const touch = (file: string) => machine.run(...asService, 'touch', file);
    expect(await touch('/usr/lib/planted')).toMatchObject({
      stderr: expect.stringContaining('Read-only file system'),
    });
    expect(await touch('/etc/planted')).toMatchObject({
      stderr: expect.stringContaining('Read-only file system'),
    });
    expect((await touch('/root/planted')).status).not.toBe(0);
    expect(await touch('/etc/ocellus/edited')).toMatchObject({ status: 0 });
    expect(await touch('/var/lib/ocellus/kept')).toMatchObject({ status: 0 });
  });

  it('may open the devices that the unit names, and no others', async () => {
    const open = (device: string) =>
      machine.run('bash', '-c', `echo $$ > ${DEVICE_GROUP}/cgroup.procs; exec 3<${device}`);
    const DEVICE_GROUP =
      (await machine.run('test', '-d', '/sys/fs/cgroup/devices')).status === 0
        ? '/sys/fs/cgroup/devices/system.slice/ocellus.service'
        : '/sys/fs/cgroup/system.slice/ocellus.service';
    expect((await open('/dev/null')).status).toBe(0);
    expect((await open('/dev/forbidden')).stderr).toContain('Operation not permitted');
    // Nothing drives it here, so that it cannot be opened: for that reason and no other.
    expect((await open('/dev/nvmap')).stderr).toMatch(/No such device/);
  });

  it('writes JSON to the journal, with the priority of each line', async () => {
    const lines = await machine.journal(0, '_SYSTEMD_UNIT=ocellus.service');
    const ours = lines.filter(({ text }) => text.startsWith('{'));
    const priorities = new Set(ours.map(({ priority, text }) => `${priority} ${JSON.parse(text).level}`));
    expect([...priorities].sort()).toEqual(expect.arrayContaining(['6 30']));
    for (const pair of priorities) expect(['3 50', '4 40', '6 30']).toContain(pair);
    expect(lines.filter(({ text }) => text.includes('s3cret'))).toEqual([]);
  });

  it('reloads: what is new comes into force in the same process, and what is wrong changes nothing', async () => {
    const main = await property('MainPID');
    const ffmpeg = await frontFfmpeg();
    const sinceS = await now(machine);
    await configure({ more: '    detect: { fps: 3 }\n' });
    await machine.expect('systemctl', 'reload', 'ocellus');
    const log = async () => (await machine.journal(sinceS)).map(({ text }) => text).join('\n');
    await waitUntil(async () => (await log()).includes('the configuration was taken over'), 'the reload');
    await configure({ more: 'zonse: 1\n' });
    await machine.expect('systemctl', 'reload', 'ocellus');
    await waitUntil(async () => (await log()).includes('was not taken over: nothing changed'), 'the refusal');
    await waitUntil(async () => (await property('SubState')) === 'running', 'the end of the reload');
    expect(await log()).toContain('Reloading');
    expect(await property('MainPID')).toBe(main);
    // The camera that did not change kept its connection.
    expect(await frontFfmpeg()).toBe(ffmpeg);
    await waitUntil(allLive, 'both cameras');
    await configure({});
  });

  it('is started again after kill -9, and leaves no child of the one before', async () => {
    const [main, ffmpeg] = [await property('MainPID'), await frontFfmpeg()];
    await machine.expect('kill', '-KILL', main);
    await waitUntil(async () => (await property('NRestarts')) === '1', 'the restart', 30_000);
    await waitUntil(allLive, 'both cameras again', 60_000);
    expect(await property('MainPID')).not.toBe(main);
    expect((await machine.run('test', '-d', `/proc/${ffmpeg}`)).status).toBe(1);
  });

  it('is killed and started again when a camera freezes in a way that the program cannot end', async () => {
    await configure({ stallTimeoutMs: 1_000 });
    await machine.expect('systemctl', 'restart', 'ocellus');
    await waitUntil(allLive, 'both cameras', 60_000);
    const sinceS = await now(machine);
    // As a driver that hangs: neither ends the process by SIGKILL.
    const ffmpeg = await frontFfmpeg();
    await machine.shell(
      `mkdir -p ${FREEZER}; echo ${ffmpeg} > ${FREEZER}/cgroup.procs; echo FROZEN > ${FREEZER}/freezer.state`,
    );
    try {
      await waitUntil(async () => (await property('StatusText')).startsWith('stuck'), 'the finding', 60_000);
      expect(await property('StatusText')).toContain('camera front waits for a frame');
      expect(await property('ActiveState')).toBe('active');
      await waitUntil(async () => (await property('Result')) === 'watchdog', 'the watchdog', 30_000);
    } finally {
      await machine.shell(`echo THAWED > ${FREEZER}/freezer.state`);
    }
    await waitUntil(async () => (await property('NRestarts')) === '1', 'the restart', 60_000);
    await waitUntil(allLive, 'both cameras again', 60_000);
    const errors = await machine.journal(sinceS, '--priority', 'err', '_SYSTEMD_UNIT=ocellus.service');
    expect(errors).toHaveLength(1);
    expect(JSON.parse(errors[0]!.text)).toMatchObject({
      msg: 'the program does not get on: the watchdog is fed no more',
      stuck: expect.stringMatching(/^camera front waits for a frame \(\d+ s\)$/),
      children: expect.arrayContaining([`ffmpeg D (pid ${ffmpeg})`]),
    });
  });

  it('is killed and started again when a worker is stuck in a run that cannot be ended', async () => {
    const modelOptions = ', runTimeoutMs: 200, backend: onnxruntime-node';
    await configure({ model: '/srv/shared/hangs.onnx', modelOptions });
    await machine.expect('systemctl', 'restart', 'ocellus');
    const sinceS = await now(machine);
    await waitUntil(async () => (await property('NRestarts')) === '1', 'the restart', 120_000);
    const log = (await machine.journal(sinceS)).map(({ text }) => text);
    expect(log).toContainEqual(
      expect.stringContaining('model default waits for a run that ends by itself: 5 in a row'),
    );
    expect(log).toContainEqual(expect.stringContaining(`Watchdog timeout (limit ${WATCHDOG_S}s)!`));
  });

  it('is killed and started again when its main thread stands still', async () => {
    await configure({});
    await machine.expect('systemctl', 'restart', 'ocellus');
    const sinceS = await now(machine);
    await machine.expect('kill', '-STOP', await property('MainPID'));
    await waitUntil(async () => (await property('NRestarts')) === '1', 'the restart', 60_000);
    const log = (await machine.journal(sinceS)).map(({ text }) => text);
    expect(log).toContainEqual(expect.stringContaining(`Watchdog timeout (limit ${WATCHDOG_S}s)!`));
  });

  it('stops within its deadline, by itself, and leaves nothing', async () => {
    await configure({});
    await machine.expect('systemctl', 'restart', 'ocellus');
    await waitUntil(allLive, 'both cameras', 60_000);
    const sinceS = await now(machine);
    await machine.expect('systemctl', 'stop', 'ocellus');
    expect(await property('Result')).toBe('success');
    expect(await property('ExecMainStatus')).toBe('143');
    expect((await machine.run('pgrep', '-x', 'ffmpeg|gst-launch-1.0')).status).toBe(1);
    const log = (await machine.journal(sinceS)).map(({ text }) => text);
    expect(log).toContainEqual(expect.stringContaining('"msg":"stopped"'));
    expect(log.filter((line) => /timed out|Killing process/.test(line))).toEqual([]);
  });

  it('is not started again when its configuration is wrong, and says where', async () => {
    await configure({ more: 'zonse: 1\n' });
    const sinceS = await now(machine);
    expect((await machine.run('systemctl', 'start', 'ocellus')).status).not.toBe(0);
    // RestartSec is 2 s.
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(await property('ActiveState')).toBe('failed');
    expect(await property('NRestarts')).toBe('0');
    expect(await property('ExecMainStatus')).toBe('78');
    const errors = await machine.journal(sinceS, '--priority', 'err', '_SYSTEMD_UNIT=ocellus.service');
    expect(errors.map(({ text }) => text).join('\n')).toMatch(/ocellus\.yaml:\d+:1: zonse: unknown key/);
  });

  it('says which credential is missing', async () => {
    await configure({});
    await machine.shell('rm /etc/systemd/system/ocellus.service.d/credentials.conf; systemctl daemon-reload');
    const sinceS = await now(machine);
    expect((await machine.run('systemctl', 'start', 'ocellus')).status).not.toBe(0);
    expect(await property('ExecMainStatus')).toBe('78');
    const errors = await machine.journal(sinceS, '--priority', 'err', '_SYSTEMD_UNIT=ocellus.service');
    expect(errors.map(({ text }) => text).join('\n')).toMatch(
      /ocellus\.yaml:2:\d+: mqtt\.password: there is no credential/,
    );
  });
}

const FETCH = 'fetch(process.argv[1]).then(({ status }) => process.stdout.write(String(status)))';

interface ConfigOptions {
  readonly model?: string;
  readonly modelOptions?: string;
  readonly stallTimeoutMs?: number;
  readonly more?: string;
}

function configOf({
  model = MODEL,
  modelOptions = '',
  stallTimeoutMs = 10_000,
  more = '',
}: ConfigOptions): string {
  const credential = '${credential:mqtt-password}';
  return `device: { id: box }
mqtt: { url: 'mqtt://127.0.0.1:1883', username: ocellus, password: '${credential}' }
models: { default: { file: '${model}'${modelOptions} } }
http: { listen: '127.0.0.1:8080' }
cameras:
  front:
    source: rtsp://127.0.0.1:8551/stream
    motion: { mode: off }
    capture: { stallTimeoutMs: ${stallTimeoutMs} }
  back:
    source: rtsp://127.0.0.1:8552/stream
    motion: { mode: off }
    capture: { backend: gstreamer }
${more}`;
}

/** A broker that wants a password, two RTSP cameras, a credential, and a watchdog that a test can wait for. */
async function prepare(machine: SystemdMachine): Promise<void> {
  const { shared } = machine;
  await makeClip({ directory: shared, name: 'clip.mp4', size: '640x360', fps: 10, seconds: 300 });
  await writeFile(join(shared, 'hangs.onnx'), onnxModel(fatefulDetector('hangs')));
  await writeFile(
    join(shared, 'mosquitto.conf'),
    'listener 1883 127.0.0.1\nallow_anonymous false\npassword_file /srv/shared/passwords\n',
  );
  await machine.shell(
    'touch /srv/shared/passwords; mosquitto_passwd -b /srv/shared/passwords ocellus s3cret; chmod a+rX -R /srv/shared',
  );
  await machine.expect(
    'systemd-run',
    '--quiet',
    '--unit=broker',
    'mosquitto',
    '-c',
    '/srv/shared/mosquitto.conf',
  );
  for (const port of ['8551', '8552']) {
    const server = `/usr/bin/python3 /usr/lib/ocellus/test/fixtures/rtsp-server.py --file /srv/shared/clip.mp4 --port ${port}`;
    // It ends with its input, which a service does not have.
    await machine.expect(
      'systemd-run',
      '--quiet',
      `--unit=camera-${port}`,
      'sh',
      '-c',
      `tail -f /dev/null | exec ${server}`,
    );
  }
  await machine.shell(`set -e
    mkdir -p -m 700 /etc/ocellus/credentials
    printf 's3cret' > /etc/ocellus/credentials/mqtt-password
    chmod 600 /etc/ocellus/credentials/mqtt-password
    mkdir -p /etc/systemd/system/ocellus.service.d
    cd /etc/systemd/system/ocellus.service.d
    printf '[Service]\\nLoadCredential=mqtt-password:/etc/ocellus/credentials/mqtt-password\\n' > credentials.conf
    printf '[Service]\\nWatchdogSec=${WATCHDOG_S}\\n' > watchdog.conf
    systemctl daemon-reload`);
}

/** Seconds since the epoch, so that earlier lines of the journal are left out. */
async function now(machine: SystemdMachine): Promise<number> {
  return Number(await machine.shell('sleep 1.1; date +%s'));
}
