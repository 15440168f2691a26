import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { afterEach, expect, test } from 'vitest';
import { SystemClock } from '../../src/base/clock.ts';
import { brokerFindings } from '../../src/cli/doctor/broker.ts';
import { brokerCertificate } from '../../src/cli/doctor/broker-certificate.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { loadConfig } from '../../src/config/load.ts';
import { scratch } from '../config/scratch.ts';
import { Mosquitto, type MosquittoOptions } from '../fixtures/mosquitto.ts';

let broker: Mosquitto | undefined;

afterEach(async () => {
  await broker?.stop();
  broker = undefined;
});

/** Findings by id, without those of certificates' dates. */
async function findings(
  options: MosquittoOptions,
  mqtt: Record<string, unknown> = {},
): Promise<Map<string, Finding>> {
  broker = await Mosquitto.start(options);
  const url = options.tls ? `mqtts://127.0.0.1:${broker.port}` : broker.url;
  const folder = scratch({
    'c.yaml': JSON.stringify({ device: { id: 'porch' }, storage: { path: '.' }, mqtt: { url, ...mqtt } }),
  });
  const found = await brokerFindings(loadConfig(join(folder, 'c.yaml'), {}), new SystemClock());
  return new Map(found.map((finding) => [finding.id, finding]));
}

test.each([4, 5])(
  'MQTT version %i: a message is acknowledged and kept, and nothing of it is left',
  async (protocolVersion) => {
    const found = await findings({}, { protocolVersion });
    expect([...found.values()].map(({ id, status }) => [id, status])).toEqual([
      ['broker', 'ok'],
      ['broker:publish', 'ok'],
      ['broker:retained', 'ok'],
    ]);
    const client = await connectAsync(broker!.url);
    const left: string[] = [];
    client.on('message', (topic) => left.push(topic));
    await client.subscribeAsync('ocellus/#');
    // Retained messages come before the answer to a ping that follows.
    await client.publishAsync('other', '', { qos: 1 });
    await client.endAsync();
    expect(left).toEqual([]);
  },
);

test('an ACL that forbids publishing, which MQTT 5 says and 3.1.1 does not', async () => {
  const acl = ['topic read ocellus/#'];
  const said = await findings({ acl });
  expect(said.get('broker:publish')).toMatchObject({
    status: 'fail',
    summary: 'the broker does not let this user publish to ocellus/porch/#',
    remedy: 'allow the user to write ocellus/porch/# in the ACL of the broker',
  });
  await broker!.stop();
  const silent = await findings({ acl }, { protocolVersion: 4 });
  expect(silent.get('broker:publish')?.status).toBe('ok');
  expect(silent.get('broker:retained')).toMatchObject({ status: 'fail' });
  expect(silent.get('broker:retained')?.remedy).toContain('an ACL refuses in silence');
});

test('a broker that takes small messages only and retains none', async () => {
  const found = await findings({ more: ['max_packet_size 1000000', 'retain_available false'] });
  expect(found.get('broker:limits')).toBeDefined();
  expect(
    found.get('broker:publish')?.status === 'fail' || found.get('broker:retained')?.status === 'fail',
  ).toBe(true);
});

test('TLS: the certificate is read, and one of an unknown authority is refused', async () => {
  const refused = await findings({ tls: true });
  expect(refused.get('broker')).toMatchObject({
    status: 'fail',
    remedy: 'name the certificate of that authority in mqtt.caFile',
  });
  const { caFile, port } = broker!;
  const folder = scratch({
    'c.yaml': JSON.stringify({ storage: { path: '.' }, mqtt: { url: `mqtts://127.0.0.1:${port}`, caFile } }),
  });
  const found = await brokerFindings(loadConfig(join(folder, 'c.yaml'), {}), new SystemClock());
  // The fixture's certificate is good for two days.
  expect(found.find(({ id }) => id === 'broker:certificate')).toMatchObject({ status: 'warn' });
});

test('a certificate that is good for long', () => {
  const socket = { getPeerCertificate: () => ({ valid_to: 'Jan  1 00:00:00 2030 GMT' }) };
  const [finding] = brokerCertificate(socket as never, Date.UTC(2029, 0, 1));
  expect(finding).toMatchObject({ status: 'ok', summary: 'good until 2030-01-01, 365 days' });
});
