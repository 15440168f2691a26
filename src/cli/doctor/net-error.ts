import { connect, type Socket } from 'node:net';
import { messageOf } from '../../base/errors.ts';

/** What a failed connection means and what to do about it. */
export interface Diagnosis {
  readonly summary: string;
  readonly remedy: string;
}

const BY_CODE: Readonly<Record<string, readonly [summary: string, remedy: string]>> = {
  ENOTFOUND: ['the name does not resolve', 'check the spelling and DNS, or use the address'],
  EAI_AGAIN: ['the name does not resolve: no DNS server answers', 'check the network, or use the address'],
  ECONNREFUSED: ['nothing listens there', 'check the port, and that the service runs'],
  EHOSTUNREACH: ['no route to it', 'check that it is switched on and in this network'],
  ENETUNREACH: ['no route to its network', 'check cable, Wi-Fi and gateway'],
  ETIMEDOUT: ['no answer', 'check address, port and firewall'],
};

/** Explains a failed connection to `where`. */
export function diagnose(where: string, error: unknown): Diagnosis {
  const [summary, remedy] = BY_CODE[codeOf(error)] ?? [messageOf(error), 'check address, port and firewall'];
  return { summary: `${where}: ${summary}`, remedy };
}

/** The system's code, also of the several attempts that Node makes for a name with several addresses. */
function codeOf(error: unknown): string {
  const { code, errors } = error as { code?: string; errors?: { code?: string }[] };
  return code ?? errors?.[0]?.code ?? '';
}

/** Opens and closes a TCP connection. @throws the system's error; `ETIMEDOUT` after `deadlineMs` */
export function tryTcp(host: string, port: number, deadlineMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host, port });
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }));
    }, deadlineMs);
    socket.once('close', () => clearTimeout(timer));
    socket.once('error', reject);
    socket.once('connect', () => {
      resolve();
      socket.destroy();
    });
  });
}
