import { describe, expect, it } from 'vitest';
import { crossCheck } from '../../src/config/cross-checks.ts';
import { configSchema } from '../../src/config/schema.ts';

const polygon = [
  [0, 0],
  [1, 0],
  [1, 1],
];

function messages(enabled: boolean, zones: Record<string, object>): string[] {
  const config = configSchema.parse({
    mqtt: { url: 'mqtt://127.0.0.1', frigate: { enabled } },
    models: { default: { file: 'm.onnx' } },
    cameras: {
      front: { source: 'sim://scene', zones },
      drive: { source: 'sim://scene', zones: { yard: { polygon } } },
    },
  });
  return crossCheck(config, { models: ['default'], classifiers: [], reid: [] }).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );
}

describe('a zone that is called like a camera', () => {
  it("is an issue where Frigate's topics are spoken", () => {
    expect(messages(true, { drive: { polygon } })).toEqual([
      'cameras.front.zones.drive: a camera is called "drive" too, and Frigate\'s topics would mix their counts',
    ]);
  });

  it.each<[boolean, Record<string, object>, string]>([
    [false, { drive: { polygon } }, 'without Frigate'],
    [true, { yard: { polygon } }, 'zones of one name in two cameras are one zone there'],
  ])('is none: %s %j %s', (enabled, zones, _why) => {
    expect(messages(enabled, zones)).toEqual([]);
  });
});
