import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { zoneSchema } from '../../src/config/camera-schema.ts';
import { editCamera } from '../../src/config/edit-camera.ts';

const TEXT = `# my house
device: { id: porch }   # the name
cameras:
  # by the door
  front:
    source: rtsp://u:\${env:CAM_PW}@192.0.2.10/stream2   # keep
    detect: {fps: 5}
    # who may be seen
    objects: { person: {}, car: { minScore: 0.5 } }
    zones:
      # the drive, not the road
      drive: { polygon: [[0.1, 0.5], [0.9, 0.5], [0.9, 1], [0.1, 1]], dwellMs: 5000 }  # five seconds
      lawn:
        polygon: [ [0, 0], [1, 0], [1, 1] ]
        # only people
        objects: [person]
    # the gate

    lines:
      gate: { from: [0.2, 0.8], to: [0.8, 0.8] }
  yard:
    source: 'sim://scene?seed=8'
mqtt:
    url: mqtt://127.0.0.1
`;

const drive = zoneSchema.parse({
  polygon: [
    [0.1, 0.5],
    [0.9, 0.5],
    [0.9, 1],
    [0.1, 1],
  ],
  dwellMs: 5000,
});
const lawn = zoneSchema.parse({
  polygon: [
    [0, 0],
    [1, 0],
    [1, 1],
  ],
  objects: ['person'],
});

/** Lines of `after` that are not in `before`, and the other way round. */
function changes(before: string, after: string): { added: string[]; removed: string[] } {
  const [was, is] = [before.split('\n'), after.split('\n')];
  return {
    added: is.filter((line) => !was.includes(line)),
    removed: was.filter((line) => !is.includes(line)),
  };
}

describe('an edit changes the lines of what was edited and no other', () => {
  test('one corner of one zone', () => {
    const polygon = [...drive.polygon.slice(0, 3), [0.2, 1]];
    const edited = editCamera(TEXT, 'front', { zones: { drive: { ...drive, polygon }, lawn } });
    // The section that was edited gets the program's own spacing; its comments stay.
    expect(changes(TEXT, edited)).toEqual({
      added: [
        '      drive: {polygon: [[0.1, 0.5], [0.9, 0.5], [0.9, 1], [0.2, 1]], dwellMs: 5000} # five seconds',
        '        polygon: [[0, 0], [1, 0], [1, 1]]',
      ],
      removed: [
        '      drive: { polygon: [[0.1, 0.5], [0.9, 0.5], [0.9, 1], [0.1, 1]], dwellMs: 5000 }  # five seconds',
        '        polygon: [ [0, 0], [1, 0], [1, 1] ]',
      ],
    });
  });

  test('a new zone states what is not a default', () => {
    const bed = zoneSchema.parse({ polygon: lawn.polygon, anchor: 'centre' });
    const edited = editCamera(TEXT, 'front', { zones: { drive, lawn, bed } });
    expect(edited).toContain(
      '      bed:\n        polygon: [[0, 0], [1, 0], [1, 1]]\n        anchor: centre\n    # the gate\n',
    );
  });

  test('a zone that is no longer wanted', () => {
    const edited = editCamera(TEXT, 'front', { zones: { lawn } });
    expect(Object.keys((parse(edited) as Data).cameras.front!.zones!)).toEqual(['lawn']);
    expect(edited).toContain('# only people');
  });

  test('sections that were not there', () => {
    const masks = [lawn.polygon];
    const edited = editCamera(TEXT, 'yard', { zones: { lawn }, motion: { masks } });
    const { added, removed } = changes(TEXT, edited);
    expect(removed).toEqual([]);
    expect(added).toEqual([
      '        polygon: [[0, 0], [1, 0], [1, 1]]',
      '    motion:',
      '      masks: [[[0, 0], [1, 0], [1, 1]]]',
    ]);
    expect((parse(edited) as Data).cameras.yard).toEqual({
      source: 'sim://scene?seed=8',
      zones: { lawn: { polygon: lawn.polygon, objects: ['person'] } },
      motion: { masks },
    });
  });

  test('thresholds of one label', () => {
    const edited = editCamera(TEXT, 'front', {
      objects: { person: { minScore: 0.6 }, car: { minScore: 0.5 } },
    });
    expect(changes(TEXT, edited).added).toEqual([
      '    objects: {person: {minScore: 0.6}, car: {minScore: 0.5}}',
    ]);
  });

  test('motion keeps what the edit does not speak of', () => {
    const text = 'cameras:\n  a:\n    source: sim://scene\n    motion:\n      sensitivity: 0.7 # windy\n';
    expect(editCamera(text, 'a', { motion: { masks: [lawn.polygon] } })).toBe(
      'cameras:\n  a:\n    source: sim://scene\n    motion:\n      sensitivity: 0.7 # windy\n      masks: [[[0, 0], [1, 0], [1, 1]]]\n',
    );
  });

  test('nothing', () => {
    const lines = { gate: { from: [0.2, 0.8], to: [0.8, 0.8] } };
    expect(editCamera(TEXT, 'front', { lines })).toBe(TEXT);
    expect(editCamera(TEXT, 'front', {})).toBe(TEXT);
  });

  test('a camera in braces', () => {
    const text = '# all\ncameras: {a: {source: sim://scene}} # end\n';
    const edited = editCamera(text, 'a', { zones: { lawn } });
    expect(parse(edited)).toEqual({
      cameras: {
        a: { source: 'sim://scene', zones: { lawn: { polygon: lawn.polygon, objects: ['person'] } } },
      },
    });
    expect(edited).toMatch(/^# all\n[\s\S]*# end\n$/);
  });
});

interface Data {
  readonly cameras: Record<string, { source: string; zones?: Record<string, unknown> }>;
}

test('line ends of another system stay', () => {
  const edited = editCamera(TEXT.replaceAll('\n', '\r\n'), 'yard', { zones: { lawn } });
  expect((parse(edited) as Data).cameras.yard!.zones).toBeDefined();
  expect((parse(edited) as Data).cameras.front!.source).toContain('${env:CAM_PW}');
});

test.each([
  ['an alias', 'cameras:\n  a: &a { source: sim://scene }\n  b: *a\n', 'b', 'it is a YAML alias'],
  [
    'an alias inside',
    'cameras:\n  a: { source: sim://scene, zones: &z {} }\n  b:\n    source: sim://scene\n    zones: *z\n',
    'b',
    'it uses a YAML alias',
  ],
  ['a camera that is not there', 'cameras: {}\n', 'b', 'it has no section of its own'],
])('%s is left to people', (_, text, cameraId, why) => {
  expect(() => editCamera(text, cameraId, { zones: { lawn } })).toThrow(why);
});
