import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { root } from './project.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const dockerfiles = readdirSync(join(root, 'packaging/docker'));

describe.each(dockerfiles)('packaging/docker/%s', (name) => {
  const text = read(`packaging/docker/${name}`);
  // A backslash goes on with the line.
  const lines = text.replaceAll(/\\\n\s*/g, '').split('\n');
  const instructions = lines.filter((line) => line !== '' && !line.startsWith('#'));

  it('has instructions that Docker knows, the base first', () => {
    const known = /^(ARG|FROM|COPY|RUN|USER|WORKDIR|VOLUME|EXPOSE|ENTRYPOINT|CMD|HEALTHCHECK) \S/;
    expect(instructions.filter((line) => !known.test(line))).toEqual([]);
    expect(instructions.find((line) => !line.startsWith('ARG'))).toMatch(/^FROM /);
  });

  it('copies what build-deb.sh makes, and runs what the package installs, not as root', () => {
    expect(text).toMatch(/^COPY artifacts\/ocellus_\*_/m);
    expect(text).toMatch(/^USER ocellus$/m);
    const entry = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(text)![1]!) as string[];
    const wrapper = read('packaging/debian/ocellus.sh');
    expect(wrapper).toContain(`exec ${entry.join(' ')} "$@"`);
  });
});

test('the package installs the unit, the account and the folders that the project has', () => {
  const script = read('packaging/build-deb.sh');
  const named = [...script.matchAll(/\$project\/((?:systemd|packaging|config|LICENSE)[\w./-]*)/g)].map(
    ([, path]) => path!,
  );
  expect(named.length).toBeGreaterThan(6);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test.each(['postinst', 'prerm', 'postrm'])('debian/%s ends at the first error', (name) => {
  expect(read(`packaging/debian/${name}`)).toMatch(/^#!\/bin\/sh\nset -e\n/);
});
