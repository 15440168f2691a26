import type { CameraConfig } from './camera-schema.ts';
import { checkHttp } from './http-checks.ts';
import type { Finding, Path } from './issue.ts';
import { checkPolygon, checkRules } from './rule-checks.ts';
import type { Config, ModelConfig, MqttConfig } from './schema.ts';
import { checkSource } from './source.ts';
import { closest } from './suggest.ts';

/** Every model that the file states, sound or not. */
export interface StatedModels {
  readonly models: readonly string[];
  readonly classifiers: readonly string[];
  readonly reid: readonly string[];
}

/**
 * What no single key can say: sections that contradict one another.
 *
 * @param config sound in itself; sections with issues of their own may have been left out
 */
export function crossCheck(config: Config, stated: StatedModels): Finding[] {
  return [
    ...checkHttp(config),
    ...(config.mqtt === undefined ? [] : checkMqtt(config.mqtt)),
    ...(config.mqtt?.frigate.enabled ? checkFrigateNames(config) : []),
    ...Object.entries(config.models).flatMap(([name, model]) => checkModel(['models', name], model)),
    ...Object.entries(config.classifiers).flatMap(([name, model]) =>
      checkModel(['classifiers', name], model),
    ),
    ...Object.entries(config.reid).flatMap(([name, model]) => checkModel(['reid', name], model)),
    ...checkSmallerModels(config, stated.models),
    ...checkModelNames(config, stated.models),
    ...checkClassifierNames(config, stated.classifiers),
    ...checkReidNames(config, stated.reid),
    ...Object.entries(config.cameras).flatMap(([name, camera]) => checkCamera(['cameras', name], camera)),
  ];
}

function checkMqtt(mqtt: MqttConfig): Finding[] {
  const findings: Finding[] = [];
  if (!URL.canParse(mqtt.url)) {
    findings.push({
      path: ['mqtt', 'url'],
      message: 'not a valid URL',
      hint: 'use mqtt://host:port with a port of at most 65535; user and password have keys of their own',
    });
  }
  if (mqtt.password !== undefined && mqtt.passwordFile !== undefined) {
    findings.push({
      path: ['mqtt', 'passwordFile'],
      message: 'password and passwordFile are both set',
      hint: 'keep passwordFile',
      atKey: true,
    });
  }
  if ((mqtt.password ?? mqtt.passwordFile) !== undefined && mqtt.username === undefined) {
    findings.push({
      path: ['mqtt', mqtt.password === undefined ? 'passwordFile' : 'password'],
      message: 'a password without a username',
      hint: 'add username',
      atKey: true,
    });
  }
  return findings;
}

/** Frigate's topics have cameras and zones on one level. Zones of one name are one zone there, seen by several cameras. */
function checkFrigateNames({ cameras }: Config): Finding[] {
  return Object.entries(cameras).flatMap(([cameraId, { zones }]) =>
    Object.keys(zones)
      .filter((zone) => Object.hasOwn(cameras, zone))
      .map((zone) => ({
        path: ['cameras', cameraId, 'zones', zone],
        message: `a camera is called "${zone}" too, and Frigate's topics would mix their counts`,
        hint: 'rename the zone, or turn mqtt.frigate off',
        atKey: true,
      })),
  );
}

function checkModel(path: Path, model: Pick<ModelConfig, 'backend' | 'libonnxruntime'>): Finding[] {
  if (model.libonnxruntime === undefined || model.backend !== 'onnxruntime-node') return [];
  return [
    {
      path: [...path, 'libonnxruntime'],
      message: 'the backend onnxruntime-node brings its own library',
      hint: 'use backend: ort-c-api, or remove libonnxruntime',
      atKey: true,
    },
  ];
}

function checkSmallerModels({ models }: Config, names: readonly string[]): Finding[] {
  return Object.entries(models).flatMap(([name, { smaller }]) => {
    if (smaller === undefined) return [];
    const path = ['models', name, 'smaller'];
    if (smaller === name) {
      return [{ path, message: 'a model cannot be smaller than itself', hint: 'name another of `models`' }];
    }
    return names.includes(smaller) ? [] : [unknownName(path, 'model', smaller, names, 'models')];
  });
}

function checkModelNames(config: Config, modelNames: readonly string[]): Finding[] {
  const cameras = Object.entries(config.cameras);
  if (modelNames.length === 0 && cameras.length > 0) {
    return [
      {
        path: ['cameras'],
        message: 'there are cameras but no model to look with',
        hint: 'add models: { default: { file: /path/to/model.onnx } }',
      },
    ];
  }
  return cameras
    .filter(([, camera]) => !modelNames.includes(camera.model))
    .map(([name, { model }]) =>
      unknownName(['cameras', name, 'model'], 'model', model, modelNames, 'models'),
    );
}

function checkClassifierNames({ cameras }: Config, names: readonly string[]): Finding[] {
  return Object.entries(cameras).flatMap(([camera, { classify }]) =>
    Object.entries(classify)
      .filter(([, { model }]) => !names.includes(model))
      .map(([attribute, { model }]) => {
        const path = ['cameras', camera, 'classify', attribute, 'model'];
        return unknownName(path, 'classifier', model, names, 'classifiers');
      }),
  );
}

function checkReidNames({ cameras }: Config, names: readonly string[]): Finding[] {
  return Object.entries(cameras).flatMap(([camera, { reid }]) =>
    reid === undefined || names.includes(reid.model)
      ? []
      : [unknownName(['cameras', camera, 'reid', 'model'], 'reid model', reid.model, names, 'reid')],
  );
}

function checkReidAttribute(path: Path, { reid, classify }: CameraConfig): Finding[] {
  if (reid === undefined || !Object.hasOwn(classify, reid.attribute)) return [];
  return [
    {
      path: [...path, 'classify', reid.attribute],
      message: `reid tells an attribute "${reid.attribute}" too`,
      hint: 'rename one of them: set reid.attribute, or another name under classify',
      atKey: true,
    },
  ];
}

function unknownName(
  path: Path,
  kind: string,
  name: string,
  known: readonly string[],
  section: string,
): Finding {
  if (known.length === 0) {
    const hint = `add ${section}: { ${name}: { file: /path/to/model.onnx } }`;
    return { path, message: `there is no ${kind} "${name}"`, hint };
  }
  const near = closest(name, known);
  const hint = near === undefined ? `${kind}s are: ${known.join(', ')}` : `did you mean "${near}"?`;
  return { path, message: `there is no ${kind} "${name}"`, hint };
}

function checkCamera(path: Path, camera: CameraConfig): Finding[] {
  return [
    ...checkSource([...path, 'source'], camera.source),
    ...checkCapture(path, camera),
    ...camera.motion.masks.flatMap((mask, i) => checkPolygon([...path, 'motion', 'masks', i], mask)),
    ...checkReidAttribute(path, camera),
    ...checkRules(path, camera),
  ];
}

function checkCapture(path: Path, { capture, source }: CameraConfig): Finding[] {
  const findings: Finding[] = [];
  if (capture.backoffInitialMs > capture.backoffMaxMs) {
    findings.push({
      path: [...path, 'capture', 'backoffInitialMs'],
      message: `backoffInitialMs (${capture.backoffInitialMs}) is above backoffMaxMs (${capture.backoffMaxMs})`,
      hint: 'raise backoffMaxMs',
    });
  }
  if (capture.backend === 'ffmpeg' && (capture.pipeline !== undefined || /^csi:/i.test(source))) {
    findings.push({
      path: [...path, 'capture', 'backend'],
      message: `ffmpeg cannot run ${capture.pipeline === undefined ? 'a csi:// camera' : 'a GStreamer pipeline'}`,
      hint: 'use backend: gstreamer',
    });
  }
  if (capture.pipeline !== undefined && !/!\s*fdsink\b[^!]*$/.test(capture.pipeline)) {
    findings.push({
      path: [...path, 'capture', 'pipeline'],
      message: 'the pipeline does not end in fdsink',
      hint: 'end it with "! video/x-raw,format=I420 ! fdsink"',
    });
  }
  return findings;
}
