// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of the configuration
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OcellusError } from '../../src/base/errors.ts';
import { loadConfig } from '../../src/config/load.ts';
import { scratch } from './scratch.ts';

const MODEL = 'models: { default: { file: m.onnx } }\n';
const camera = (keys: string) => `${MODEL}cameras:\n  front: { source: "sim://x", ${keys} }\n`;

/** What is wrong with `yaml`, one line each, without the path of the folder. */
function issues(yaml: string): string[] {
  const folder = scratch({ 'c.yaml': yaml, 'm.onnx': 'x' });
  try {
    loadConfig(join(folder, 'c.yaml'), {});
    return [];
  } catch (error) {
    if (!(error instanceof OcellusError)) throw error;
    expect(error.code).toBe('config_invalid');
    expect(error.issues).toHaveLength(error.message.split('\n').length);
    return error.message.replaceAll(`${folder}/`, '').split('\n');
  }
}

describe('not YAML', () => {
  test.each([
    ['a tab as indentation', 'mqtt:\n\turl: x\n', 'c.yaml:2:1: a tab indents this line (indent with spaces)'],
    [
      'a bracket that is never closed',
      'cameras: { front: { source: x\n',
      'c.yaml:2:1: a character is missing (close quotes and brackets; put a space after ":" and "-")',
    ],
    [
      'indentation that fits nothing',
      'mqtt:\n    url: mqtt://h\n  tracks: true\n',
      'c.yaml:3:1: the indentation fits nothing above (indent the keys of one section by the same spaces)',
    ],
    [
      'the !secret of Home Assistant',
      'mqtt:\n  url: mqtt://h\n  password: !secret mqtt_pw\n',
      'c.yaml:3:13: unknown tag (for secrets use ${env:NAME} or ${file:/path}; else put the text in quotes)',
    ],
    [
      'a value that starts like an alias, such as a password',
      'mqtt:\n  url: mqtt://h\n  password: *hunter2\n',
      'c.yaml:3:13: "*" starts an alias that names no anchor (put the text in quotes)',
    ],
    [
      'two documents, of which one would be ignored',
      'log: {}\n---\nlog: {}\n',
      'c.yaml:2:1: a second document starts here (keep one document: remove "---")',
    ],
    [
      'a camera stated twice, of which one would be ignored',
      `${MODEL}cameras:\n  front: { source: "sim://a" }\n  front: { source: "sim://b" }\n`,
      'c.yaml:4:3: cameras.front: camera "front" is stated twice, first on line 3 (keep one)',
    ],
    [
      'a key stated twice inside a list of nothing',
      'mqtt: { url: "mqtt://h", url: "mqtt://i" }\n',
      'c.yaml:1:26: mqtt.url: key "url" is stated twice, first on line 1 (keep one)',
    ],
    [
      'aliases that would fill the memory',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(15)}]\nc: &c [${'*b,'.repeat(15)}]\nd: [*c]\n`,
      'c.yaml:1:1: more than 200 aliases are resolved (write the values out)',
    ],
    ['text alone', 'hello', 'c.yaml:1:1: expected a section of keys, found text'],
  ])('%s', (_, yaml, expected) => {
    expect(issues(yaml)[0]).toBe(expected);
  });

  test('an alias that holds itself', () => {
    expect(issues('cameras: &a { front: *a }\n')).toContain(
      'c.yaml:1:22: cameras.front: an alias holds itself (write the values out)',
    );
  });
});

describe('keys and values', () => {
  test.each([
    [
      'a slip of the finger',
      'devcie: { id: a }',
      'c.yaml:1:1: devcie: unknown key "devcie" (did you mean "device"?)',
    ],
    [
      'a key of another section',
      camera('fps: 5'),
      'c.yaml:3:31: cameras.front.fps: unknown key "fps" (it belongs at cameras.front.detect.fps)',
    ],
    [
      'a key of another section altogether',
      'device: { retention: {} }',
      'c.yaml:1:11: device.retention: unknown key "retention" (it belongs at storage.retention)',
    ],
    [
      'a key that nothing resembles',
      'log: { colours: true }',
      'c.yaml:1:8: log.colours: unknown key "colours" (known here: level)',
    ],
    [
      'a merge key of YAML 1.1',
      camera('<<: {}'),
      'c.yaml:3:31: cameras.front.<<: unknown key "<<" (merge keys are not part of YAML 1.2: write the keys out)',
    ],
    [
      'text for a number',
      camera('detect: { fps: fast }'),
      'c.yaml:3:46: cameras.front.detect.fps: expected a number, found text (Frames per second to look at)',
    ],
    [
      'a number for text, such as a numeric user name',
      'mqtt: { url: "mqtt://h", username: 1234 }',
      'c.yaml:1:36: mqtt.username: expected text, found a whole number (put it in quotes)',
    ],
    [
      'nothing where a value must be',
      'mqtt:\n  url:\n',
      'c.yaml:2:3: mqtt.url: expected text, found nothing (give it a value, or remove the key to keep its default)',
    ],
    ['a list for a section', 'cameras: []', 'c.yaml:1:1: cameras: expected a section of keys, found a list'],
    [
      'a fraction for a whole number',
      camera('track: { lostMs: 3000.5 }'),
      'c.yaml:3:48: cameras.front.track.lostMs: expected a whole number, found a number (round it)',
    ],
    [
      'a value out of range',
      camera('detect: { fps: 500 }'),
      'c.yaml:3:46: cameras.front.detect.fps: must be at most 120 (Frames per second to look at)',
    ],
    [
      'a word that is not on the list',
      'models: { default: { file: m.onnx, providers: [cuad, cpu] } }',
      'c.yaml:1:48: models.default.providers[0]: expected one of tensorrt, cuda, cpu (did you mean "cuda"?)',
    ],
    [
      'options for a provider that does not exist',
      'models: { default: { file: m.onnx, providerOptions: { rocm: {} } } }',
      'c.yaml:1:55: models.default.providerOptions.rocm: unknown key "rocm" (known here: tensorrt, cuda, cpu)',
    ],
    [
      'a missing key that cannot be guessed',
      `${MODEL}cameras:\n  front: { detect: {} }\n`,
      'c.yaml:3:3: cameras.front.source: "source" is missing (add it: rtsp://, rtsps://, http(s)://, ' +
        'v4l2:/dev/video0, csi://0, file:clip.mp4?loop=1&realtime=1, sim://scene?seed=7)',
    ],
    [
      'a name that could not be a topic',
      `${MODEL}cameras:\n  "front/door": { source: "sim://x" }\n`,
      'c.yaml:3:3: cameras.front/door: this name cannot be used ' +
        '(use 1 to 64 letters, digits, "-" and "_", a letter or digit first)',
    ],
  ])('%s', (_, yaml, expected) => {
    expect(issues(yaml)).toEqual([expected]);
  });
});

describe('areas and lines', () => {
  const zone = (polygon: string) => camera(`zones: { z: { polygon: ${polygon} } }`);
  const ground = (picture: string, plan: string) => {
    const metres = JSON.parse(plan) as number[][];
    const points = (JSON.parse(picture) as number[][]).map((at, i) => ({ at, metres: metres[i] }));
    return camera(`zones: { z: { polygon: [[0,0],[1,0],[1,1]], ground: ${JSON.stringify(points)} } }`);
  };
  test.each([
    [
      'pixels instead of fractions',
      zone('[[0,0],[640,0],[1,1]]'),
      'c.yaml:3:62: cameras.front.zones.z.polygon[1][0]: a coordinate must be at most 1 ' +
        '(coordinates are fractions of the picture: divide pixels by its width or height)',
    ],
    [
      'left of the picture',
      zone('[[-0.1,0],[1,0],[1,1]]'),
      'c.yaml:3:57: cameras.front.zones.z.polygon[0][0]: a coordinate must be at least 0 ' +
        '(coordinates are fractions of the picture: divide pixels by its width or height)',
    ],
    [
      'two points enclose nothing',
      zone('[[0,0],[1,1]]'),
      'c.yaml:3:44: cameras.front.zones.z.polygon: needs at least 3 points',
    ],
    [
      'a bow tie has no inside',
      zone('[[0,0],[1,1],[1,0],[0,1]]'),
      'c.yaml:3:44: cameras.front.zones.z.polygon: its sides cross: the one from point 1 and the one from point 3 ' +
        '(list the corners once each, going round the area)',
    ],
    [
      'the first point repeated at the end, as GeoJSON does',
      zone('[[0,0],[1,0],[1,1],[0,0]]'),
      'c.yaml:3:44: cameras.front.zones.z.polygon: the last point repeats the first ' +
        '(list the corners once each, going round the area)',
    ],
    [
      'three points on one line',
      zone('[[0,0],[0.5,0.5],[1,1]]'),
      'c.yaml:3:44: cameras.front.zones.z.polygon: it encloses no area ' +
        '(list the corners once each, going round the area)',
    ],
    [
      'masks are areas too',
      camera('motion: { masks: [[[0,0],[1,1],[1,0],[0,1]]] }'),
      'c.yaml:3:48: cameras.front.motion.masks[0]: its sides cross: the one from point 1 and the one from point 3 ' +
        '(list the corners once each, going round the area)',
    ],
    [
      'a line without length',
      camera('lines: { gate: { from: [0.5, 0.5], to: [0.5, 0.5] } }'),
      'c.yaml:3:65: cameras.front.lines.gate.to: the line ends where it starts (move one end)',
    ],
    [
      'a zone that counts what the camera never reports',
      camera('objects: { person: {} }, zones: { z: { polygon: [[0,0],[1,0],[1,1]], objects: [persn] } }'),
      `c.yaml:3:109: cameras.front.zones.z.objects[0]: "persn" is not among the camera's objects (did you mean "person"?)`,
    ],
    [
      'a line that counts what the camera never reports',
      camera('objects: { person: {} }, lines: { l: { from: [0,0], to: [1,1], objects: [car] } }'),
      `c.yaml:3:103: cameras.front.lines.l.objects[0]: "car" is not among the camera's objects (add it to objects of the camera)`,
    ],
    [
      'an occupancy rule that counts what the camera never reports',
      camera(
        'objects: { person: {} }, zones: { z: { polygon: [[0,0],[1,0],[1,1]], occupancy: { queue: { moreThan: 3, objects: [persn] } } } }',
      ),
      `c.yaml:3:N: cameras.front.zones.z.occupancy.queue.objects[0]: "persn" is not among the camera's objects (did you mean "person"?)`,
    ],
    [
      'an occupancy rule that counts what its zone never counts',
      camera(
        'zones: { z: { polygon: [[0,0],[1,0],[1,1]], objects: [person], occupancy: { queue: { moreThan: 3, objects: [car] } } } }',
      ),
      `c.yaml:3:N: cameras.front.zones.z.occupancy.queue.objects[0]: "car" is not among the zone's objects (add it to objects of the zone)`,
    ],
    [
      'masks of a label are areas too',
      camera('objects: { person: { masks: [[[0,0],[1,1],[1,0],[0,1]]] } }'),
      'c.yaml:3:N: cameras.front.objects.person.masks[0]: its sides cross: the one from point 1 and the one from point 3 ' +
        '(list the corners once each, going round the area)',
    ],
    [
      'sizes between which there is none',
      camera('objects: { person: { minArea: 0.2, maxArea: 0.1 } }'),
      'c.yaml:3:N: cameras.front.objects.person.minArea: minArea (0.2) is above maxArea (0.1): no box is between them ' +
        '(lower minArea or raise maxArea)',
    ],
    [
      'shapes between which there is none',
      camera('objects: { person: { minAspect: 120 } }'),
      'c.yaml:3:N: cameras.front.objects.person.minAspect: minAspect (120) is above maxAspect (100): no box is between them ' +
        '(lower minAspect or raise maxAspect)',
    ],
    [
      'a time zone that nobody knows',
      camera('objects: { person: { schedule: { timeZone: Europe/Berlyn, from: "22:00", to: "06:00" } } }'),
      'c.yaml:3:N: cameras.front.objects.person.schedule.timeZone: there is no time zone "Europe/Berlyn" ' +
        '(did you mean "Europe/Berlin"?)',
    ],
    [
      'an offset, which is no time zone',
      camera('objects: { person: { schedule: { timeZone: "+01:00", from: "22:00", to: "06:00" } } }'),
      'c.yaml:3:N: cameras.front.objects.person.schedule.timeZone: there is no time zone "+01:00" ' +
        '(use an IANA name such as Europe/Berlin)',
    ],
    [
      'ground points of which three lie on one line',
      ground('[[0.1,0.9],[0.5,0.9],[0.9,0.9],[0.5,0.5]]', '[[0,0],[2,0],[4,0],[2,5]]'),
      'c.yaml:3:N: cameras.front.zones.z.ground: points 1, 2 and 3 lie on one line in the picture ' +
        '(take the corners of a large rectangle on the ground)',
    ],
    [
      'a plan of which three lie on one line',
      ground('[[0.1,0.9],[0.9,0.9],[0.7,0.5],[0.3,0.5]]', '[[0,0],[4,0],[4,8],[2,4]]'),
      'c.yaml:3:N: cameras.front.zones.z.ground: points 1, 3 and 4 lie on one line on the plan ' +
        '(take the corners of a large rectangle on the ground)',
    ],
    [
      'ground points in another order on the plan',
      ground('[[0.1,0.9],[0.9,0.9],[0.7,0.5],[0.3,0.5]]', '[[0,0],[4,0],[0,8],[4,8]]'),
      'c.yaml:3:N: cameras.front.zones.z.ground: the points are in another order on the plan than in the picture ' +
        '(give each point the metres of the same place)',
    ],
  ])('%s', (_, yaml, expected) => {
    expect(issues(yaml).map((line) => line.replace(/^c\.yaml:3:\d+/, 'c.yaml:3:N'))).toEqual([
      expected.replace(/^c\.yaml:3:\d+/, 'c.yaml:3:N'),
    ]);
  });
});

describe('sections that contradict one another', () => {
  const source = (value: string) => `${MODEL}cameras:\n  front: { source: '${value}' }\n`;
  const FORMS =
    'rtsp://, rtsps://, http://, https://, v4l2:/dev/video0, csi://0, file:clip.mp4 or sim://scene';
  test.each([
    [
      'a model that does not exist',
      camera('model: defualt'),
      'cameras.front.model: there is no model "defualt" (did you mean "default"?)',
    ],
    [
      'a classifier that does not exist',
      `classifiers: { colours: { file: m.onnx } }\n${camera('classify: { tint: { model: colors, objects: [car] } }')}`,
      'cameras.front.classify.tint.model: there is no classifier "colors" (did you mean "colours"?)',
    ],
    [
      'no classifier at all',
      camera('classify: { tint: { model: colours, objects: [car] } }'),
      'cameras.front.classify.tint.model: there is no classifier "colours" ' +
        '(add classifiers: { colours: { file: /path/to/model.onnx } })',
    ],
    [
      'a classifier for objects that are not reported',
      `classifiers: { colours: { file: m.onnx } }\n${camera('objects: { car: {} }, classify: { tint: { model: colours, objects: [cat] } }')}`,
      'cameras.front.classify.tint.objects[0]: "cat" is not among the camera\'s objects (did you mean "car"?)',
    ],
    [
      'a re-identification model that does not exist',
      camera('reid: { model: people, objects: [person] }'),
      'cameras.front.reid.model: there is no reid model "people" ' +
        '(add reid: { people: { file: /path/to/model.onnx } })',
    ],
    [
      'a re-identification of objects that are not reported',
      `reid: { people: { file: m.onnx } }\n${camera('objects: { car: {} }, reid: { model: people, objects: [cat] }')}`,
      'cameras.front.reid.objects[0]: "cat" is not among the camera\'s objects (did you mean "car"?)',
    ],
    [
      'an attribute that two models tell',
      `classifiers: { c: { file: m.onnx } }\nreid: { people: { file: m.onnx } }\n${camera(
        'classify: { known_as: { model: c, objects: [car] } }, reid: { model: people, objects: [car] }',
      )}`,
      'cameras.front.classify.known_as: reid tells an attribute "known_as" too ' +
        '(rename one of them: set reid.attribute, or another name under classify)',
    ],
    [
      'a library for a backend that brings its own, of a classifier',
      'classifiers: { c: { file: m.onnx, backend: onnxruntime-node, libonnxruntime: l.so } }',
      'classifiers.c.libonnxruntime: the backend onnxruntime-node brings its own library ' +
        '(use backend: ort-c-api, or remove libonnxruntime)',
    ],
    [
      'cameras without any model',
      'cameras: { front: { source: "sim://x" } }',
      'cameras: there are cameras but no model to look with (add models: { default: { file: /path/to/model.onnx } })',
    ],
    [
      'a mistyped scheme',
      source('rstp://192.0.2.1/s'),
      'cameras.front.source: unknown scheme "rstp" (did you mean "rtsp"?)',
    ],
    [
      'an unknown scheme',
      source('gopher://h'),
      `cameras.front.source: unknown scheme "gopher" (use ${FORMS})`,
    ],
    ['no scheme', source('192.0.2.1/s'), `cameras.front.source: the source has no scheme (use ${FORMS})`],
    [
      'a device without a scheme',
      source('/dev/video0'),
      'cameras.front.source: the source has no scheme (for a USB camera write v4l2:/dev/video0)',
    ],
    [
      'a port that does not exist',
      source('rtsp://192.0.2.1:99999/s'),
      'cameras.front.source: not a valid URL (write rtsp://host:port/path; ' +
        'in a user and password "@" is %40 and "/" is %2F)',
    ],
    [
      'a first delay above the longest',
      camera('capture: { backoffInitialMs: 5000, backoffMaxMs: 1000 }'),
      'cameras.front.capture.backoffInitialMs: backoffInitialMs (5000) is above backoffMaxMs (1000) (raise backoffMaxMs)',
    ],
    [
      'a pipeline that ffmpeg cannot run',
      camera('capture: { backend: ffmpeg, pipeline: "videotestsrc ! fdsink" }'),
      'cameras.front.capture.backend: ffmpeg cannot run a GStreamer pipeline (use backend: gstreamer)',
    ],
    [
      'a pipeline whose pictures go nowhere',
      camera('capture: { pipeline: "videotestsrc ! autovideosink" }'),
      'cameras.front.capture.pipeline: the pipeline does not end in fdsink ' +
        '(end it with "! video/x-raw,format=I420 ! fdsink")',
    ],
    [
      'two passwords',
      'mqtt: { url: "mqtt://h", username: u, password: a, passwordFile: m.onnx }',
      'mqtt.passwordFile: password and passwordFile are both set (keep passwordFile)',
    ],
    [
      'a password for nobody',
      'mqtt: { url: "mqtt://h", passwordFile: m.onnx }',
      'mqtt.passwordFile: a password without a username (add username)',
    ],
    [
      'a broker port that does not exist',
      'mqtt: { url: "mqtt://h:99999" }',
      'mqtt.url: not a valid URL (use mqtt://host:port with a port of at most 65535; ' +
        'user and password have keys of their own)',
    ],
    [
      'a web port that does not exist',
      'http: { listen: "127.0.0.1:70000" }',
      'http.listen: the port is above 65535 (use one of 1 to 65535)',
    ],
    [
      'a library for a backend that brings its own',
      'models: { default: { file: m.onnx, backend: onnxruntime-node, libonnxruntime: libonnxruntime.so } }',
      'models.default.libonnxruntime: the backend onnxruntime-node brings its own library ' +
        '(use backend: ort-c-api, or remove libonnxruntime)',
    ],
  ])('%s', (_, yaml, expected) => {
    expect(issues(yaml).map((line) => line.replace(/^c\.yaml:\d+:\d+: /, ''))).toEqual([expected]);
  });
});

describe('what is named outside the file', () => {
  const RELATIVE = 'relative paths start at the folder of the configuration file';
  test.each([
    [
      'a model',
      'models:\n  default: { file: gone.onnx }\n',
      'c.yaml:2:20: models.default.file: there is no model file gone.onnx (check the path; a relative one starts at ' +
        'the configuration file, or at the working directory on the command line)',
    ],
    [
      'a classifier',
      'classifiers:\n  c: { file: gone.onnx }\n',
      'c.yaml:2:14: classifiers.c.file: there is no file gone.onnx (relative paths start at the folder of the configuration file)',
    ],
    [
      'the id of a model that nobody knows',
      'models:\n  default: { file: yolo-nonesuch }\n',
      'c.yaml:2:20: models.default.file: there is no model "yolo-nonesuch": neither a file nor a manifest id ' +
        '(give a path to an .onnx file, or an id that `ocellus models list` shows)',
    ],
    [
      'a password file',
      'mqtt:\n  url: mqtt://h\n  username: u\n  passwordFile: gone.pw\n',
      `c.yaml:4:17: mqtt.passwordFile: there is no file gone.pw (${RELATIVE})`,
    ],
    [
      'a certificate',
      'mqtt:\n  url: mqtts://h\n  caFile: gone.pem\n',
      `c.yaml:3:11: mqtt.caFile: there is no file gone.pem (${RELATIVE})`,
    ],
    [
      'a clip',
      `${MODEL}cameras:\n  a: { source: "file:gone.mp4?loop=1" }\n`,
      `c.yaml:3:16: cameras.a.source: there is no file gone.mp4 (${RELATIVE})`,
    ],
    [
      'a secret',
      'mqtt:\n  url: mqtt://h\n  username: ${file:gone.txt}\n',
      `c.yaml:3:13: mqtt.username: there is no file gone.txt (${RELATIVE})`,
    ],
    [
      'an environment variable',
      'mqtt:\n  url: mqtt://h\n  username: ${env:NOBODY}\n',
      'c.yaml:3:13: mqtt.username: environment variable NOBODY is not set (set NOBODY where ocellus is started, ' +
        'in systemd with EnvironmentFile=, or use ${file:/path})',
    ],
    [
      'another kind of reference',
      'mqtt:\n  url: mqtt://h\n  username: ${vault:x}\n',
      'c.yaml:3:13: mqtt.username: unknown reference after "${" (write ${env:NAME}, ${file:/path} or ${credential:NAME}, ' +
        'or $${ for the characters themselves)',
    ],
    [
      'a reference that is never closed',
      'mqtt:\n  url: mqtt://h\n  username: "${env:X"\n',
      'c.yaml:3:13: mqtt.username: "${" is never closed (write ${env:NAME}, or $${ for the characters themselves)',
    ],
    [
      'a folder for a file',
      'models:\n  default: { file: /tmp }\n',
      'c.yaml:2:20: models.default.file: /tmp is a folder (name a file)',
    ],
  ])('%s', (_, yaml, expected) => {
    expect(issues(yaml)).toEqual([expected]);
  });
});

test('everything that is wrong comes at once, in the order of the file', () => {
  const found = issues(`device: { idd: x }
mqtt:
  url: mqtt://h
  passwordFile: gone.pw
cameras:
  front:
    source: rstp://h
    model: other
    zones:
      a: { polygon: [[0,0],[2,0],[1,1]] }
      b: { polygon: [[0,0],[1,1],[1,0],[0,1]] }
    lines: []
  back: { detect: { fps: fast } }
models: { default: { file: m.onnx } }
`);
  expect(found.map((line) => Number(line.split(':')[1]))).toEqual([1, 4, 4, 7, 8, 10, 11, 12, 13, 13]);
});
