import { version } from '../../base/version.ts';
import type { Topics } from '../topics.ts';
import { type Component, type DevicePayload, joined, ORIGIN, slug, title } from './discovery-payload.ts';

/** The Ocellus device itself, which the cameras hang on. */
export function hubDevice(topics: Topics, deviceId: string): DevicePayload {
  const component = (
    part: string,
    platform: string,
    name: string,
    rest: Record<string, unknown>,
  ): Component => ({
    platform,
    name,
    unique_id: joined('ocellus', deviceId, '', part),
    default_entity_id: `${platform}.${slug(`${deviceId}_${part}`)}`,
    entity_category: 'diagnostic',
    ...rest,
  });
  const availability = [{ topic: topics.availability }];
  return {
    device: {
      identifiers: [joined('ocellus', deviceId)],
      name: title(deviceId),
      manufacturer: ORIGIN,
      model: 'Ocellus',
      sw_version: version,
    },
    origin: { name: ORIGIN, sw_version: version },
    components: {
      // Without availability of its own: it would be unavailable where it should say that the device is away.
      online: component('online', 'binary_sensor', 'Online', {
        device_class: 'connectivity',
        state_topic: topics.availability,
        payload_on: 'online',
        payload_off: 'offline',
      }),
      queued: component('queued', 'sensor', 'Events waiting', {
        state_topic: topics.state,
        value_template: '{{ value_json.mqtt.queued }}',
        state_class: 'measurement',
        icon: 'mdi:tray-full',
        availability,
      }),
      dropped: component('dropped', 'sensor', 'Events dropped', {
        state_topic: topics.state,
        value_template: '{{ value_json.mqtt.dropped }}',
        state_class: 'total_increasing',
        icon: 'mdi:tray-remove',
        availability,
      }),
    },
  };
}
