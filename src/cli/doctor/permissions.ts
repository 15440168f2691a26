import { constants } from 'node:fs';
import { access, readdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { LoadedConfig } from '../../config/load.ts';
import type { Finding } from './finding.ts';

/** Nodes of hardware that decodes or infers, and the group that opens them. */
const NODES: readonly { readonly pattern: RegExp; readonly folder: string; readonly group: string }[] = [
  { folder: '/dev', pattern: /^video\d+$/, group: 'video' },
  { folder: '/dev', pattern: /^(?:nvhost-|nvmap$|nvidia)/, group: 'video' },
  { folder: '/dev/dri', pattern: /^renderD\d+$/, group: 'render' },
];

/** Whether this user may open the hardware, and whether secrets and configuration are open to those who should have them. */
export async function permissionFindings(loaded: LoadedConfig | undefined): Promise<Finding[]> {
  return [
    ...(await nodeFindings()),
    ...(loaded === undefined ? [] : await configFindings(loaded)),
    ...(loaded === undefined ? [] : await secretFindings(loaded)),
  ];
}

async function nodeFindings(): Promise<Finding[]> {
  const closed = new Map<string, string[]>();
  let seen = 0;
  for (const { folder, pattern, group } of NODES) {
    for (const name of (await readdir(folder).catch(() => [])).filter((entry) => pattern.test(entry))) {
      seen += 1;
      const path = `${folder}/${name}`;
      if (!(await may(path, constants.R_OK | constants.W_OK)))
        closed.set(group, [...(closed.get(group) ?? []), path]);
    }
  }
  if (closed.size === 0) {
    return [
      seen === 0
        ? { id: 'devices', status: 'skip', summary: 'this machine has no video or GPU nodes' }
        : { id: 'devices', status: 'ok', summary: `${seen} video and GPU nodes may be opened` },
    ];
  }
  return [...closed].map(
    ([group, paths]): Finding => ({
      id: `devices:${group}`,
      status: 'warn',
      summary: `this user may not open ${paths.slice(0, 4).join(', ')}${paths.length > 4 ? ` and ${paths.length - 4} more` : ''}`,
      remedy: `run as the user of the service, or "sudo usermod -aG ${group} USER" and log in again`,
    }),
  );
}

/** The page edits the file by writing a new one beside it. */
async function configFindings({ origin }: LoadedConfig): Promise<Finding[]> {
  if (origin === undefined) return [];
  const id = 'config:writable';
  const writable =
    (await may(origin.file, constants.W_OK)) && (await may(dirname(origin.file), constants.W_OK));
  if (writable) return [{ id, status: 'ok', summary: 'the page may edit it' }];
  return [
    {
      id,
      status: 'warn',
      summary: `this user may not write ${origin.file}: the page cannot save edits`,
      remedy: 'give file and folder to the user of the service, if the page is to edit it',
    },
  ];
}

async function secretFindings({ config, origin }: LoadedConfig): Promise<Finding[]> {
  const files = new Set<string>();
  if (config.mqtt?.passwordFile !== undefined) files.add(config.mqtt.passwordFile);
  if (config.http.tls?.keyFile !== undefined) files.add(config.http.tls.keyFile);
  const findings: Finding[] = [];
  for (const file of files) findings.push(...(await openToAll(file, `${file} holds a secret`)));
  if (origin !== undefined && (await holdsSecret(origin.file)))
    findings.push(...(await openToAll(origin.file, `${origin.file} has a password written out`)));
  return findings;
}

/** Whether a password stands in the text itself, where `${env:...}` or a file should. */
async function holdsSecret(file: string): Promise<boolean> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return (
    /:\/\/[^/\s:@$]+:(?!\$\{)[^@\s]+@/.test(text) ||
    /(?:^\s*|[{,]\s*)["']?password["']?:\s*["']?(?!["']|\$\{)\S/m.test(text)
  );
}

async function openToAll(file: string, what: string): Promise<Finding[]> {
  const mode = await stat(file).then(
    (found) => found.mode,
    () => 0,
  );
  if ((mode & 0o004) === 0) return [];
  const remedy = `chmod o-rwx ${file}`;
  return [
    { id: 'secrets', status: 'warn', summary: `${what} and every user of this device may read it`, remedy },
  ];
}

function may(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
