import { messageOf, OcellusError } from '../base/errors.ts';

/** CONNACK codes (MQTT 3.1.1 §3.2.2.3, MQTT 5 §3.2.2.2). */
const PROTOCOL_REFUSED = [1, 132];
const CREDENTIALS_REFUSED = [4, 134];
const NOT_AUTHORIZED = [5, 135];
const CLIENT_ID_REFUSED = [2, 133];
const TAKEN_OVER = 142;

/** True when the broker does not speak the version of MQTT that was asked for. */
export function isProtocolRefusal(thrown: unknown): boolean {
  return PROTOCOL_REFUSED.includes(Number(codeOf(thrown)));
}

/** A failed or lost connection in words that a person can act on. @param broker `host:port`, without secrets */
export function explainLinkError(thrown: unknown, broker: string): OcellusError {
  if (thrown instanceof OcellusError) return thrown;
  const [message, hint] = describe(codeOf(thrown), messageOf(thrown), broker);
  return new OcellusError('mqtt_failed', message, { hint, cause: thrown });
}

function describe(code: unknown, text: string, broker: string): [message: string, hint: string] {
  if (typeof code === 'number') return describeReason(code, text, broker);
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return [
        `the host of the MQTT broker ${broker} cannot be resolved`,
        'check the host name in mqtt.url and the DNS of this device',
      ];
    case 'ECONNREFUSED':
      return [
        `nothing accepts connections at the MQTT broker ${broker}`,
        'check that the broker runs, and host and port in mqtt.url',
      ];
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return [
        `the MQTT broker ${broker} cannot be reached`,
        'check the network, and host and port in mqtt.url',
      ];
    case 'EPROTO':
      return [
        `the MQTT broker ${broker} does not speak TLS`,
        'use mqtt:// in mqtt.url, or the TLS port of the broker (often 8883)',
      ];
    default:
      break;
  }
  if (typeof code === 'string' && /CERT|SELF_SIGNED|VERIFY|ALTNAME|ISSUER/.test(code))
    return [
      `the certificate of the MQTT broker ${broker} is not trusted: ${text}`,
      'set mqtt.caFile to the authority that signed it, and use the name in the certificate in mqtt.url',
    ];
  return [`the connection to the MQTT broker ${broker} failed: ${text}`, 'see the log of the broker'];
}

function describeReason(code: number, text: string, broker: string): [message: string, hint: string] {
  if (CREDENTIALS_REFUSED.includes(code) || NOT_AUTHORIZED.includes(code))
    return [
      `the MQTT broker ${broker} refused the user name or password`,
      'check mqtt.username and mqtt.password or mqtt.passwordFile',
    ];
  if (CLIENT_ID_REFUSED.includes(code))
    return [`the MQTT broker ${broker} refused the client id`, 'set mqtt.clientId to one that it allows'];
  if (PROTOCOL_REFUSED.includes(code))
    return [
      `the MQTT broker ${broker} does not speak this version of MQTT`,
      'set mqtt.protocolVersion to 4 (MQTT 3.1.1)',
    ];
  if (code === TAKEN_OVER)
    return [
      `another client connected to the MQTT broker ${broker} with the same client id`,
      'give every device its own device.id or mqtt.clientId',
    ];
  return [`the MQTT broker ${broker} refused: ${text}`, 'see the log of the broker'];
}

function codeOf(thrown: unknown): unknown {
  // A host with several addresses fails with one error per address.
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return codeOf(thrown.errors[0]);
  return thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
}
