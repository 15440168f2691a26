import { version } from '../../base/version.ts';
import type { CameraConfig } from '../../config/camera-schema.ts';
import { cameraStateNames } from '../../flow/camera-state.ts';
import type { Topics } from '../topics.ts';
import { type Component, type DevicePayload, joined, ORIGIN, slug, title } from './discovery-payload.ts';

/** Labels of a camera that are known, for the picture and for each zone. */
export interface KnownLabels {
  readonly inPicture: ReadonlySet<string>;
  readonly inZones: ReadonlyMap<string, ReadonlySet<string>>;
}

const MIN_FPS = 0.1;

/** The entities of one camera, as a device that hangs on the Ocellus device. */
export function cameraDevice(
  topics: Topics,
  deviceId: string,
  cameraId: string,
  camera: CameraConfig,
  labels: KnownLabels,
): DevicePayload {
  const online = { topic: topics.availability };
  // What is not looked at is not known: a camera that is switched off has no counts, not counts of 0.
  const enabled = {
    topic: topics.outcome(cameraId, 'enabled'),
    payload_available: 'ON',
    payload_not_available: 'OFF',
  };
  const whileEnabled = { availability: [online, enabled], availability_mode: 'all' };
  const components: Record<string, Component> = {};
  const add = (parts: readonly string[], platform: string, name: string, rest: Record<string, unknown>) => {
    components[joined(...parts)] = {
      platform,
      name,
      unique_id: joined('ocellus', deviceId, cameraId, ...parts),
      default_entity_id: `${platform}.${slug([deviceId, cameraId, ...parts].join('_'))}`,
      ...rest,
    };
  };

  const addCount = (parts: readonly string[], name: string, topic: string) => {
    add([...parts, 'occupancy'], 'binary_sensor', name, {
      device_class: 'occupancy',
      state_topic: topic,
      value_template: "{{ 'ON' if value | int(0) > 0 else 'OFF' }}",
      ...whileEnabled,
    });
    add([...parts, 'count'], 'sensor', `${name} count`, {
      state_topic: topic,
      state_class: 'measurement',
      icon: 'mdi:counter',
      ...whileEnabled,
    });
  };
  for (const label of labels.inPicture) {
    addCount([label], title(label), topics.count(cameraId, label));
    if (camera.snapshots.enabled) {
      add([label, 'snapshot'], 'image', `Last ${label}`, {
        image_topic: topics.snapshot(cameraId, label),
        content_type: 'image/jpeg',
      });
    }
  }
  for (const [zone, inZone] of labels.inZones) {
    for (const label of inZone) {
      addCount(['zone', zone, label], `${title(zone)} ${label}`, topics.zoneCount(cameraId, zone, label));
    }
  }

  for (const line of Object.keys(camera.lines)) {
    add(['line', line], 'event', `${title(line)} crossed`, {
      state_topic: topics.events(cameraId),
      event_types: ['forward', 'backward'],
      value_template: lineTemplate(line),
      icon: 'mdi:gate-arrow-right',
    });
  }

  add(['motion'], 'binary_sensor', 'Motion', {
    device_class: 'motion',
    state_topic: topics.motion(cameraId),
    ...whileEnabled,
  });
  add(['state'], 'sensor', 'Camera state', {
    device_class: 'enum',
    options: cameraStateNames,
    entity_category: 'diagnostic',
    state_topic: topics.cameraState(cameraId),
    value_template: '{{ value_json.state }}',
    json_attributes_topic: topics.cameraState(cameraId),
  });
  for (const [command, name] of [
    ['enabled', 'Camera'],
    ['detect', 'Detection'],
  ] as const) {
    add([command], 'switch', name, {
      command_topic: topics.command(cameraId, command),
      state_topic: topics.outcome(cameraId, command),
      icon: command === 'enabled' ? 'mdi:cctv' : 'mdi:motion-sensor',
    });
  }
  // Home Assistant refuses a number whose limits are equal.
  if (camera.detect.fps > MIN_FPS) {
    add(['fps'], 'number', 'Frames per second', {
      command_topic: topics.command(cameraId, 'fps'),
      state_topic: topics.outcome(cameraId, 'fps'),
      min: MIN_FPS,
      max: camera.detect.fps,
      step: 0.1,
      mode: 'box',
      unit_of_measurement: 'fps',
      entity_category: 'config',
    });
  }
  add(['snapshot'], 'button', 'Take picture', { command_topic: topics.command(cameraId, 'snapshot') });
  add(['picture'], 'image', 'Picture', {
    image_topic: topics.outcome(cameraId, 'snapshot'),
    content_type: 'image/jpeg',
  });

  return {
    device: {
      identifiers: [joined('ocellus', deviceId, cameraId)],
      name: title(cameraId),
      manufacturer: ORIGIN,
      model: 'Camera',
      sw_version: version,
      via_device: joined('ocellus', deviceId),
    },
    origin: { name: ORIGIN, sw_version: version },
    availability: [online],
    components,
  };
}

/** Nothing for any other event: Home Assistant ignores what renders to nothing. What is told late triggers nothing. */
function lineTemplate(line: string): string {
  return (
    `{% if value_json.type == 'line.crossed' and value_json.line == '${line}' and not value_json.replayed %}` +
    "{{ {'event_type': value_json.direction, 'label': value_json.label, 'object_id': value_json.objectId," +
    " 'score': value_json.score} | to_json }}{% endif %}"
  );
}
