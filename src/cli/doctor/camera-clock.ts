import { connect } from 'node:net';
import type { Finding } from './finding.ts';

const ANSWER_DEADLINE_MS = 2_000;
const ANSWER_LIMIT_BYTES = 8 * 1024;
/** Overlays and the camera's own recordings are then hard to match with events. */
const LARGEST_OFFSET_S = 2;

/**
 * Asks an RTSP or HTTP server for nothing in particular, and reads the `Date` of its answer (RFC 2326 §12.18, RFC 9110
 * §6.6.1). Only the address in question is talked to, without credentials.
 * @returns ms since the epoch; null when it answers without a date, or not at all
 */
export function serverDateMs(protocol: 'rtsp' | 'http', host: string, port: number): Promise<number | null> {
  const name = host.includes(':') ? `[${host}]` : host;
  const request =
    protocol === 'rtsp'
      ? `OPTIONS rtsp://${name}:${port}/ RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: ocellus\r\n\r\n`
      : `HEAD / HTTP/1.1\r\nHost: ${name}\r\nUser-Agent: ocellus\r\nConnection: close\r\n\r\n`;
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ host, port });
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      const date = /^Date: *(.+?) *$/im.exec(answer)?.[1];
      const atMs = date === undefined ? Number.NaN : Date.parse(date);
      resolve(Number.isNaN(atMs) ? null : atMs);
    };
    const timer = setTimeout(finish, ANSWER_DEADLINE_MS);
    socket.once('connect', () => socket.write(request));
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      if (answer.includes('\r\n\r\n') || answer.length > ANSWER_LIMIT_BYTES) finish();
    });
    socket.once('error', finish);
    socket.once('close', finish);
  });
}

/** How far a camera's clock is from this one; nothing where it does not tell. @param nowMs of this device */
export function clockFinding(id: string, dateMs: number | null, nowMs: number): Finding[] {
  if (dateMs === null) return [];
  // A Date is in whole seconds: the half is added to halve the error.
  const offsetS = Math.round((dateMs + 500 - nowMs) / 100) / 10;
  const clock = `${id}:clock`;
  if (Math.abs(offsetS) <= LARGEST_OFFSET_S) {
    return [{ id: clock, status: 'ok', summary: `within ${LARGEST_OFFSET_S} s of this device` }];
  }
  const summary = `the camera's clock is ${Math.abs(offsetS)} s ${offsetS < 0 ? 'behind' : 'ahead of'} this device's`;
  const remedy = 'let the camera get its time by NTP, from the same server as this device';
  return [{ id: clock, status: 'warn', summary, remedy }];
}
