import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { TLSSocket } from 'node:tls';
import { connectAsync, type MqttClient } from 'mqtt';
import type { Clock } from '../../base/clock.ts';
import { withDeadline } from '../../base/deadline.ts';
import { messageOf } from '../../base/errors.ts';
import { redactUrl } from '../../base/log.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { brokerCertificate } from './broker-certificate.ts';
import type { Finding } from './finding.ts';
import { type Diagnosis, diagnose } from './net-error.ts';

const CONNECT_DEADLINE_MS = 5_000;
/** For an acknowledgement, and for a message to come back. */
const ANSWER_DEADLINE_MS = 5_000;
/** A best view in JPEG at 4K; the broker closes the connection at larger ones. */
const NEEDED_PACKET_BYTES = 2 * 2 ** 20;

/** Connects to the broker as the daemon would, under another client id so as not to disturb it, and tries what the daemon needs. */
export async function brokerFindings(loaded: LoadedConfig, clock: Clock): Promise<Finding[]> {
  const id = 'broker';
  const { mqtt } = loaded.config;
  if (mqtt === undefined)
    return [{ id, status: 'skip', summary: 'no mqtt section: events go to the log only' }];
  const where = redactUrl(mqtt.url);
  let client: MqttClient;
  try {
    client = await connectTo(loaded, 'doctor');
  } catch (error) {
    return [{ id, status: 'fail', ...explainRefusal(where, error) }];
  }
  try {
    return [
      { id, status: 'ok', summary: `${where} accepts this device` },
      ...limitFindings(client),
      ...(client.stream instanceof TLSSocket ? brokerCertificate(client.stream, clock.wallMs()) : []),
      ...(await messageFindings(client, loaded, clock)),
    ];
  } finally {
    await client.endAsync(true);
  }
}

function connectTo({ config, secrets }: LoadedConfig, suffix: string): Promise<MqttClient> {
  const mqtt = config.mqtt!;
  return connectAsync(
    mqtt.url,
    {
      protocolVersion: mqtt.protocolVersion,
      clientId: `${mqtt.clientId ?? `ocellus-${config.device.id}`}-${suffix}`,
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: CONNECT_DEADLINE_MS,
      ...(mqtt.username === undefined ? {} : { username: mqtt.username }),
      ...(secrets.mqttPassword === undefined ? {} : { password: secrets.mqttPassword }),
      ...(mqtt.caFile === undefined ? {} : { ca: readFileSync(mqtt.caFile) }),
    },
    false,
  );
}

/** What an MQTT 5 broker says of itself when it accepts (§3.2.2.3). */
function limitFindings(client: MqttClient): Finding[] {
  const { maximumPacketSize, maximumQoS, retainAvailable } = client.serverProperties ?? {};
  const id = 'broker:limits';
  const remedy = 'raise or remove the limit in the configuration of the broker';
  const findings: Finding[] = [];
  if (maximumPacketSize !== undefined && maximumPacketSize < NEEDED_PACKET_BYTES) {
    const summary = `takes messages up to ${maximumPacketSize} bytes: best views of large cameras are larger`;
    findings.push({ id, status: 'warn', summary, remedy });
  }
  if (maximumQoS === 0)
    findings.push({ id, status: 'fail', summary: 'does not acknowledge messages (maximum QoS 0)', remedy });
  if (retainAvailable === false)
    findings.push({ id, status: 'fail', summary: 'does not retain messages', remedy });
  return findings;
}

/** Publishes a retained message below the device's topics, sees whether it is acknowledged and kept, and takes it away. */
async function messageFindings(client: MqttClient, loaded: LoadedConfig, clock: Clock): Promise<Finding[]> {
  const topic = `ocellus/${loaded.config.device.id}/doctor/${randomBytes(4).toString('hex')}`;
  const id = 'broker:publish';
  try {
    await withDeadline(
      client.publishAsync(topic, 'probe', { qos: 1, retain: true }),
      ANSWER_DEADLINE_MS,
      'the acknowledgement',
      clock,
    );
  } catch (error) {
    return [{ id, status: 'fail', ...explainPublish(topic, error) }];
  }
  const acknowledged: Finding = { id, status: 'ok', summary: 'a message with QoS 1 is acknowledged' };
  try {
    return [acknowledged, await retainedFinding(loaded, topic, clock)];
  } finally {
    // An empty retained message removes what is kept (§3.3.1.3).
    await withDeadline(
      client.publishAsync(topic, '', { qos: 1, retain: true }),
      ANSWER_DEADLINE_MS,
      'taking the probe away',
      clock,
    ).catch(() => {});
  }
}

/** Whether somebody who connects later gets the message, as retained. */
async function retainedFinding(loaded: LoadedConfig, topic: string, clock: Clock): Promise<Finding> {
  const id = 'broker:retained';
  const listener = await connectTo(loaded, 'doctor-listener');
  try {
    const came = new Promise<boolean>((resolve) =>
      listener.on('message', (_topic, _payload, { retain }) => resolve(retain)),
    );
    const [grant] = await withDeadline(
      listener.subscribeAsync(topic, { qos: 1 }),
      ANSWER_DEADLINE_MS,
      'the subscription',
      clock,
    );
    if (grant !== undefined && grant.qos >= 128) return refusedSubscription(id, topic);
    const retained = await withDeadline(came, ANSWER_DEADLINE_MS, 'the message', clock);
    if (retained) return { id, status: 'ok', summary: 'a retained message is kept' };
    return { id, status: 'fail', summary: 'a message comes, but not as a retained one', remedy: KEEP };
  } catch (error) {
    // mqtt rejects a refused subscription with words that name it.
    if (/subscribe|not authorized|unspecified/i.test(messageOf(error))) return refusedSubscription(id, topic);
    const summary = `a retained message is acknowledged but not kept: ${messageOf(error)}`;
    return {
      id,
      status: 'fail',
      summary,
      remedy: `${KEEP}; with MQTT 3.1.1 an ACL refuses in silence: allow writing ocellus/#`,
    };
  } finally {
    await listener.endAsync(true);
  }
}

const KEEP = 'allow retained messages in the broker';

function refusedSubscription(id: string, topic: string): Finding {
  return {
    id,
    status: 'warn',
    summary: 'the broker does not let this user subscribe to its own topics: commands will not come',
    remedy: `allow the user to read ${topic.split('/').slice(0, 2).join('/')}/# in the ACL of the broker`,
  };
}

/** PUBACK reason codes of MQTT 5: 0x87 not authorized, 0x97 quota, 0x99 payload format. */
function explainPublish(topic: string, error: unknown): Diagnosis {
  const { code } = error as { code?: number | string };
  const tree = `${topic.split('/').slice(0, 2).join('/')}/#`;
  if (code === 0x87)
    return {
      summary: `the broker does not let this user publish to ${tree}`,
      remedy: `allow the user to write ${tree} in the ACL of the broker`,
    };
  return {
    summary: `a message with QoS 1 is not acknowledged: ${messageOf(error)}`,
    remedy: 'see the log of the broker',
  };
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
    case 'CERT_HAS_EXPIRED':
      return {
        summary: `the certificate of ${where} has expired`,
        remedy: 'renew the certificate of the broker',
      };
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return {
        summary: `the certificate of ${where} is signed by an authority that this device does not know`,
        remedy: 'name the certificate of that authority in mqtt.caFile',
      };
    default:
      return diagnose(where, error);
  }
}
