import { z } from 'zod';

// What Home Assistant documents for device discovery and for the platforms in use (integrations/mqtt and
// integrations/<platform>.mqtt, 2025.4, with default_entity_id of 2025.10). Strict: an unknown key is dropped silently by
// Home Assistant, so it is an error here.

const topic = z.string().regex(/^[^+#\0]+$/);
const id = z.string().regex(/^[A-Za-z0-9_-]+$/);
const availability = z.array(
  z.strictObject({
    topic,
    payload_available: z.string().optional(),
    payload_not_available: z.string().optional(),
    value_template: z.string().optional(),
  }),
);

const common = {
  name: z.string().min(1),
  unique_id: id,
  default_entity_id: z.string().regex(/^[a-z_]+\.[a-z0-9_]+$/),
  icon: z.string().startsWith('mdi:').optional(),
  entity_category: z.enum(['config', 'diagnostic']).optional(),
  availability: availability.optional(),
  availability_mode: z.enum(['all', 'any', 'latest']).optional(),
  json_attributes_topic: topic.optional(),
};
const value = { state_topic: topic, value_template: z.string().optional() };
const command = { command_topic: topic, state_topic: topic };

const component = z.discriminatedUnion('platform', [
  z.strictObject({
    platform: z.literal('binary_sensor'),
    ...common,
    ...value,
    device_class: z.enum(['occupancy', 'motion', 'connectivity']),
    payload_on: z.string().optional(),
    payload_off: z.string().optional(),
  }),
  z
    .strictObject({
      platform: z.literal('sensor'),
      ...common,
      ...value,
      device_class: z.literal('enum').optional(),
      options: z.array(z.string()).min(1).optional(),
      state_class: z.enum(['measurement', 'total', 'total_increasing']).optional(),
    })
    .refine(
      (sensor) => (sensor.options === undefined) === (sensor.device_class === undefined),
      'options and the class enum need one another',
    ),
  z.strictObject({ platform: z.literal('switch'), ...common, ...command }),
  z
    .strictObject({
      platform: z.literal('number'),
      ...common,
      ...command,
      min: z.number(),
      max: z.number(),
      step: z.number().min(0.001),
      mode: z.enum(['auto', 'box', 'slider']),
      unit_of_measurement: z.string().optional(),
    })
    .refine(({ min, max }) => min < max, 'max must be above min'),
  z.strictObject({ platform: z.literal('button'), ...common, command_topic: topic }),
  z.strictObject({
    platform: z.literal('image'),
    ...common,
    image_topic: topic,
    content_type: z.literal('image/jpeg'),
  }),
  z.strictObject({
    platform: z.literal('event'),
    ...common,
    ...value,
    event_types: z.array(z.string()).min(1),
  }),
]);

/** An entity that is taken back. */
const gone = z.strictObject({ platform: z.string() });

/** Payload of `<prefix>/device/<id>/config`. */
export const devicePayloadSchema = z.strictObject({
  device: z.strictObject({
    identifiers: z.array(id).min(1),
    name: z.string().min(1),
    manufacturer: z.string(),
    model: z.string(),
    sw_version: z.string(),
    via_device: id.optional(),
  }),
  origin: z.strictObject({
    name: z.string().min(1),
    sw_version: z.string().optional(),
    support_url: z.url().optional(),
  }),
  availability: availability.optional(),
  components: z.record(id, z.union([component, gone])),
});
