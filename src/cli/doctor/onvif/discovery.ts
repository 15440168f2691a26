import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { Clock } from '../../../base/clock.ts';
import { OcellusError } from '../../../base/errors.ts';
import { elements, parseXml, textOf } from './xml.ts';

/** A camera that answered. */
export interface FoundDevice {
  /** From which the answer came. Only it is ever talked to. */
  readonly address: string;
  /** Of its device service, at `address`. */
  readonly url: string;
  readonly name: string | null;
  readonly model: string | null;
}

/** WS-Discovery 1.1, §3.1.1 and §4: everybody in this network who provides that service. */
const MULTICAST = { address: '239.255.255.250', port: 3702 };
const MOST_DEVICES = 256;

/**
 * Sends a WS-Discovery probe and collects who answers within `waitMs`.
 * @param target to ask one address alone, where multicast does not pass
 */
export async function discover(
  clock: Clock,
  waitMs: number,
  target: { readonly address: string; readonly port: number } = MULTICAST,
): Promise<FoundDevice[]> {
  const messageId = `urn:uuid:${randomUUID()}`;
  const socket = createSocket('udp4');
  const found = new Map<string, FoundDevice>();
  const failed = new Promise<never>((_, reject) =>
    socket.on('error', (cause) => {
      const hint = 'check the network of this device';
      reject(new OcellusError('io_failed', `cannot ask for cameras: ${cause.message}`, { hint, cause }));
    }),
  );
  socket.on('message', (message, { address }) => {
    const device =
      found.size < MOST_DEVICES ? deviceIn(message.toString('utf8'), address, messageId) : undefined;
    if (device !== undefined) found.set(device.url, device);
  });
  try {
    await Promise.race([failed, new Promise<void>((resolve) => socket.bind(0, resolve))]);
    const probe = Buffer.from(probeMessage(messageId));
    socket.send(probe, target.port, target.address);
    await Promise.race([failed, clock.sleep(waitMs / 4)]);
    // Datagrams get lost; who has answered answers again, which changes nothing.
    socket.send(probe, target.port, target.address);
    await Promise.race([failed, clock.sleep((waitMs * 3) / 4)]);
  } finally {
    socket.close();
  }
  return [...found.values()].sort((a, b) => a.address.localeCompare(b.address, 'en', { numeric: true }));
}

/** An answer to that probe, if it is one, and names an address of its own. */
function deviceIn(text: string, address: string, messageId: string): FoundDevice | undefined {
  try {
    const root = parseXml(text);
    if (textOf(root, 'RelatesTo') !== messageId) return undefined;
    const match = elements(root, 'ProbeMatch')[0];
    const url = textOf(match, 'XAddrs')
      ?.split(/\s+/)
      .find((candidate) => isAt(candidate, address));
    if (url === undefined) return undefined;
    const scopes = textOf(match, 'Scopes')?.split(/\s+/) ?? [];
    return { address, url, name: scope(scopes, 'name'), model: scope(scopes, 'hardware') };
  } catch {
    // Anybody in the network may send anything here.
    return undefined;
  }
}

/** Whether a URL is of that very host: an answer must not send us elsewhere. */
export function isAt(url: string, address: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username } = new URL(url);
  return /^https?:$/.test(protocol) && hostname.replace(/^\[|\]$/g, '') === address && username === '';
}

/** `onvif://www.onvif.org/name/Front%20door` -> `Front door`. */
function scope(scopes: readonly string[], kind: string): string | null {
  const value = scopes.find((text) => text.includes(`/${kind}/`))?.split(`/${kind}/`)[1];
  if (value === undefined) return null;
  try {
    return (
      decodeURIComponent(value)
        .replace(/[^\p{L}\p{N} ._-]/gu, '')
        .slice(0, 64) || null
    );
  } catch {
    return null;
  }
}

function probeMessage(messageId: string): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"' +
    ' xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"' +
    ' xmlns:n="http://www.onvif.org/ver10/network/wsdl"><e:Header>' +
    `<w:MessageID>${messageId}</w:MessageID><w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>` +
    '<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>' +
    '<e:Body><d:Probe><d:Types>n:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>'
  );
}
