import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { EXIT } from '../../src/cli/exit-status.ts';
import { configSchema } from '../../src/config/schema.ts';
import { scratch } from '../config/scratch.ts';
import { filesUnder, read } from './project.ts';

/** `Key=value` lines of a unit; a key may stand more than once. */
function settings(unit: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const line of unit.split('\n')) {
    const match = /^([A-Za-z]+)=(.*)$/.exec(line);
    if (match !== null) found.set(match[1]!, [...(found.get(match[1]!) ?? []), match[2]!]);
  }
  return found;
}

/** As systemd-analyze counts: 0 is nothing to be afraid of. */
const MAX_EXPOSURE = 1.5;

describe('systemd/ocellus.service', () => {
  const unit = settings(read('systemd/ocellus.service'));

  test('starts a command that exists, on the configuration that tmpfiles makes the folder of', () => {
    const [program, command, option, config] = unit.get('ExecStart')![0]!.split(' ');
    expect([program, option]).toEqual(['/usr/bin/ocellus', '-c']);
    expect(filesUnder('src/cli')).toContain(`src/cli/${command}.ts`);
    expect(read('systemd/ocellus.tmpfiles.conf')).toContain(
      `d ${config!.slice(0, config!.lastIndexOf('/'))} `,
    );
  });

  test('does not restart on the exit status of a bad configuration', () => {
    expect(unit.get('RestartPreventExitStatus')).toEqual([String(EXIT.config)]);
  });

  test('owns the folder that storage.path names by default', () => {
    expect(`/var/lib/${unit.get('StateDirectory')![0]}`).toBe(configSchema.parse({}).storage.path);
    expect(read('systemd/ocellus.tmpfiles.conf')).toContain(`d ${configSchema.parse({}).storage.path} `);
  });

  test('runs as a user that sysusers makes, in groups that it joins', () => {
    const sysusers = read('systemd/ocellus.sysusers.conf');
    const user = unit.get('User')![0]!;
    expect(sysusers).toMatch(new RegExp(`^u ${user} `, 'm'));
    for (const group of unit.get('SupplementaryGroups')![0]!.split(' ')) {
      expect(sysusers).toMatch(new RegExp(`^m ${user} ${group}$`, 'm'));
    }
  });

  test('the shipped configuration is sound where the unit finds it', () => {
    expect(configSchema.safeParse(parse(read('config/ocellus.yaml')) ?? {}).success).toBe(true);
  });

  const analyze = spawnSync('systemd-analyze', ['--version']).status === 0;

  /** The unit as a file; the program, which is not installed where tests run, is stood for by one that is. */
  const unitFile = () => {
    const text = read('systemd/ocellus.service').replace('/usr/bin/ocellus ', '/bin/true ');
    return join(scratch({ 'ocellus.service': text }), 'ocellus.service');
  };

  test.runIf(analyze || process.env.CI !== undefined)('systemd-analyze finds nothing wrong', () => {
    const verify = spawnSync('systemd-analyze', ['verify', '--man=no', unitFile()]);
    const ours = verify.stderr
      .toString()
      .split('\n')
      .filter((line) => line.includes('ocellus'));
    expect(ours).toEqual([]);
  });

  test.runIf(analyze || process.env.CI !== undefined)('its exposure is 1.5 at most, of 10', () => {
    const args = ['security', '--offline=yes', '--no-pager', `--threshold=${MAX_EXPOSURE * 10}`, unitFile()];
    const { status, stdout } = spawnSync('systemd-analyze', args);
    const told = /Overall exposure level for ocellus\.service: ([\d.]+)/.exec(stdout.toString());
    expect(Number(told?.[1])).toBeGreaterThan(0);
    expect(Number(told?.[1])).toBeLessThanOrEqual(MAX_EXPOSURE);
    expect(status).toBe(0);
  });
});
