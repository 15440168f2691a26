import { expect, it } from 'vitest';
import { explain } from '../../src/base/errors.ts';
import { explainLinkError } from '../../src/mqtt/link-errors.ts';

const failure = (code: string | number, message = 'said so') => Object.assign(new Error(message), { code });
const LOGIN =
  'the MQTT broker nas:1883 refused the user name or password (check mqtt.username and mqtt.password or mqtt.passwordFile)';

it.each([
  [failure(4), LOGIN, 'MQTT 3.1.1, bad user name or password'],
  [failure(5), LOGIN, 'MQTT 3.1.1, what Mosquitto says of a wrong password'],
  [failure(134), LOGIN, 'MQTT 5, bad user name or password'],
  [failure(135), LOGIN, 'MQTT 5, not authorized'],
  [
    failure('ENOTFOUND'),
    'the host of the MQTT broker nas:1883 cannot be resolved (check the host name in mqtt.url and the DNS of this device)',
    'no such host',
  ],
  [
    failure('ECONNREFUSED'),
    'nothing accepts connections at the MQTT broker nas:1883 (check that the broker runs, and host and port in mqtt.url)',
    'no such port',
  ],
  [
    new AggregateError([failure('ECONNREFUSED')]),
    'nothing accepts connections at the MQTT broker nas:1883 (check that the broker runs, and host and port in mqtt.url)',
    'one error per address of the host',
  ],
  [
    failure('SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate'),
    'the certificate of the MQTT broker nas:1883 is not trusted: self-signed certificate (set mqtt.caFile to the authority that signed it, and use the name in the certificate in mqtt.url)',
    'own authority',
  ],
  [
    failure(142),
    'another client connected to the MQTT broker nas:1883 with the same client id (give every device its own device.id or mqtt.clientId)',
    'two devices of one name',
  ],
  [
    new Error('the connection was closed'),
    'the connection to the MQTT broker nas:1883 failed: the connection was closed (see the log of the broker)',
    'no code at all',
  ],
])('explains %s: %s', (thrown, expected) => {
  const error = explainLinkError(thrown, 'nas:1883');
  expect(explain(error)).toBe(expected);
  expect(error.code).toBe('mqtt_failed');
  expect(error.cause).toBe(thrown);
});
