import type { TLSSocket } from 'node:tls';
import type { Finding } from './finding.ts';

const SOON_DAYS = 21;
const DAY_MS = 86_400_000;

/** How long the certificate of a broker is still good. @param nowMs ms since the epoch */
export function brokerCertificate(socket: Pick<TLSSocket, 'getPeerCertificate'>, nowMs: number): Finding[] {
  const { valid_to } = socket.getPeerCertificate();
  const untilMs = Date.parse(valid_to ?? '');
  if (Number.isNaN(untilMs)) return [];
  const id = 'broker:certificate';
  const days = Math.floor((untilMs - nowMs) / DAY_MS);
  const summary = `good until ${new Date(untilMs).toISOString().slice(0, 10)}, ${days} days`;
  if (days >= SOON_DAYS) return [{ id, status: 'ok', summary }];
  const remedy = 'renew the certificate of the broker in time: after that day no device connects any more';
  return [{ id, status: 'warn', summary, remedy }];
}
