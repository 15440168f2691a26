import { readFileSync } from 'node:fs';
import { connectAsync } from 'mqtt';
import { redactUrl } from '../../base/log.ts';
import type { LoadedConfig } from '../../config/load.ts';
import type { Finding } from './finding.ts';
import { type Diagnosis, diagnose } from './net-error.ts';

const CONNECT_DEADLINE_MS = 5_000;

/** Connects to the broker as the daemon would, under another client id so as not to disturb it, and leaves. */
export async function brokerFindings({ config, secrets }: LoadedConfig): Promise<Finding[]> {
  const id = 'broker';
  const { mqtt } = config;
  if (mqtt === undefined)
    return [{ id, status: 'skip', summary: 'no mqtt section: events go to the log only' }];
  const where = redactUrl(mqtt.url);
  try {
    const client = await connectAsync(
      mqtt.url,
      {
        protocolVersion: mqtt.protocolVersion,
        clientId: `${mqtt.clientId ?? `ocellus-${config.device.id}`}-doctor`,
        clean: true,
        reconnectPeriod: 0,
        connectTimeout: CONNECT_DEADLINE_MS,
        ...(mqtt.username === undefined ? {} : { username: mqtt.username }),
        ...(secrets.mqttPassword === undefined ? {} : { password: secrets.mqttPassword }),
        ...(mqtt.caFile === undefined ? {} : { ca: readFileSync(mqtt.caFile) }),
      },
      false,
    );
    await client.endAsync(true);
    return [{ id, status: 'ok', summary: `${where} accepts this device` }];
  } catch (error) {
    return [{ id, status: 'fail', ...explainRefusal(where, error) }];
  }
}

/** CONNACK codes: 4 and 5 of MQTT 3.1.1; 0x86 and 0x87 of MQTT 5; 1 and 0x84 for the version. */
function explainRefusal(where: string, error: unknown): Diagnosis {
  const { code } = error as { code?: number | string };
  switch (code) {
    case 4:
    case 5:
    case 0x86:
    case 0x87:
      return {
        summary: `${where} refuses the username or the password`,
        remedy: 'check mqtt.username and mqtt.passwordFile against the accounts of the broker',
      };
    case 1:
    case 0x84:
      return { summary: `${where} does not speak MQTT 5`, remedy: 'set mqtt.protocolVersion: 4' };
    default:
      return diagnose(where, error);
  }
}
