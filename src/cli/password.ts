import { createHash, randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { Command } from 'commander';
import { OcellusError } from '../base/errors.ts';
import { hashPassword } from '../preview/auth/password-hash.ts';
import type { CommandIo } from './command-io.ts';

const MIN_CHARACTERS = 8;
const MAX_CHARACTERS = 1_024;

/** `ocellus password`: what belongs to `http.users` and `http.tokens` of a configuration. */
export function passwordCommand(io: CommandIo): Command {
  return new Command('password')
    .description('read a password from stdin and print its hash for http.users, or make a token')
    .option('--token', 'print a new random token and its hash for http.tokens instead')
    .addHelpText(
      'after',
      '\nA password is not echoed when it comes through a pipe:\n  read -rs P; echo "$P" | ocellus password',
    )
    .action(async ({ token }: { token?: true }) => {
      io.stdout.write(token ? tokenText() : `${await hashPassword(await readPassword(io.stdin))}\n`);
    });
}

/** The first line of the input. @throws OcellusError `usage` when it is no password that may be used */
async function readPassword(stdin: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stdin) {
    text += String(chunk);
    if (text.includes('\n') || text.length > MAX_CHARACTERS) break;
  }
  const password = text.split(/\r?\n/, 1)[0] ?? '';
  if (password.length >= MIN_CHARACTERS && password.length <= MAX_CHARACTERS) return password;
  throw new OcellusError('usage', `the password has ${password.length} characters`, {
    hint: `use ${MIN_CHARACTERS} to ${MAX_CHARACTERS}; three or four words make a good one`,
  });
}

function tokenText(): string {
  const token = randomBytes(32).toString('base64url');
  const hash = createHash('sha256').update(token).digest('hex');
  return `token: ${token}\ntokenHash: ${hash}\n`;
}
