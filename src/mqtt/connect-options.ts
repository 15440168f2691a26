import { readFile } from 'node:fs/promises';
import type { IClientOptions } from 'mqtt';
import { messageOf, OcellusError } from '../base/errors.ts';
import type { MqttConfig } from '../config/schema.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** `host:port` of a broker's URL, fit for logs. */
export function brokerName(url: string): string {
  const { host, hostname, protocol, port } = new URL(url);
  const standard: Record<string, string> = { 'mqtt:': '1883', 'mqtts:': '8883', 'ws:': '80', 'wss:': '443' };
  return port === '' ? `${hostname}:${standard[protocol] ?? '1883'}` : host;
}

/**
 * Options for one connection. Secrets are read at every attempt, so that a changed password file takes effect.
 * Reconnecting, resending and resubscribing are the publisher's: a session starts clean and ends with its connection.
 * @throws OcellusError `mqtt_failed` when a file cannot be read
 */
export async function connectOptions(
  config: MqttConfig,
  deviceId: string,
  protocolVersion: 4 | 5,
  will: { topic: string; payload: string },
): Promise<IClientOptions> {
  const password =
    config.passwordFile === undefined
      ? config.password
      : (await readSecret(config.passwordFile, 'mqtt.passwordFile')).toString('utf8').replace(/\r?\n$/, '');
  return {
    clientId: config.clientId ?? `ocellus-${deviceId}`,
    protocolVersion,
    clean: true,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepalive: config.keepaliveS,
    will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true },
    ...(config.username === undefined ? {} : { username: config.username }),
    ...(password === undefined ? {} : { password }),
    ...(config.caFile === undefined ? {} : { ca: await readSecret(config.caFile, 'mqtt.caFile') }),
  };
}

async function readSecret(file: string, option: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new OcellusError('mqtt_failed', `${option} ${file} cannot be read: ${messageOf(error)}`, {
      hint: 'check that the file exists and that the user of the daemon may read it',
      cause: error,
    });
  }
}
