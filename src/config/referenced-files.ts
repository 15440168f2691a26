import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { OcellusError } from '../base/errors.ts';
import { resolveModel } from '../models/model-file.ts';
import { type HttpSecrets, resolveHttp } from './http-secrets.ts';
import { fileProblem, readSecret } from './interpolate.ts';
import type { Finding, Path } from './issue.ts';
import type { Config } from './schema.ts';
import { resolveSource, sourceFile } from './source.ts';

/** What the configuration keeps outside itself. Never logged, never served. */
export interface Secrets extends Partial<HttpSecrets> {
  /** From `mqtt.password` or `mqtt.passwordFile`. */
  readonly mqttPassword?: string;
}

export interface Resolved {
  /** Every path absolute. `mqtt.password` and what proves users and tokens are left out. */
  readonly config: Config;
  readonly secrets: Secrets;
  readonly findings: readonly Finding[];
}

/** Makes every path absolute, starting at `baseDir`, and sees that what is named can be read. */
export function resolveFiles(config: Config, baseDir: string): Resolved {
  const findings: Finding[] = [];
  const readable = (path: Path, file: string): string => {
    const absolute = resolve(baseDir, file);
    const problem = readProblem(absolute);
    if (problem !== undefined) findings.push({ path, ...problem });
    return absolute;
  };
  const modelFile = (path: Path, model: string): string => {
    try {
      return readable(path, resolveModel(model, baseDir).file);
    } catch (error) {
      if (!(error instanceof OcellusError)) throw error;
      findings.push({
        path,
        message: error.message,
        ...(error.hint === undefined ? {} : { hint: error.hint }),
      });
      return model;
    }
  };
  const models = mapEntries(config.models, (model, name) => ({
    ...model,
    file: modelFile(['models', name, 'file'], model.file),
    // A bare name is for the dynamic loader, which knows its own folders.
    ...(model.libonnxruntime?.includes('/')
      ? { libonnxruntime: readable(['models', name, 'libonnxruntime'], model.libonnxruntime) }
      : {}),
  }));
  const cropModels = <M extends { file: string; libonnxruntime?: string | undefined }>(
    section: 'classifiers' | 'reid',
    stated: Readonly<Record<string, M>>,
  ) =>
    mapEntries(stated, (model, name) => ({
      ...model,
      file: readable([section, name, 'file'], model.file),
      ...(model.libonnxruntime?.includes('/')
        ? { libonnxruntime: readable([section, name, 'libonnxruntime'], model.libonnxruntime) }
        : {}),
    }));
  const classifiers = cropModels('classifiers', config.classifiers);
  const reid = mapEntries(cropModels('reid', config.reid), ({ gallery, ...model }) => ({
    ...model,
    ...(gallery === undefined ? {} : { gallery: resolve(baseDir, gallery) }),
  }));
  const cameras = mapEntries(config.cameras, (camera, name) => {
    const source = resolveSource(camera.source, baseDir);
    const file = sourceFile(source);
    if (file !== undefined) readable(['cameras', name, 'source'], file);
    return { ...camera, source };
  });
  const { mqtt, secrets } = resolveMqtt(config.mqtt, baseDir, readable, findings);
  const http = resolveHttp(config.http, baseDir, readable);
  findings.push(...http.findings);
  const storage = { ...config.storage, path: resolve(baseDir, config.storage.path) };
  return {
    config: {
      ...config,
      models,
      classifiers,
      reid,
      cameras,
      http: http.http,
      storage,
      ...(mqtt === undefined ? {} : { mqtt }),
    },
    secrets: { ...secrets, ...http.secrets },
    findings,
  };
}

function resolveMqtt(
  mqtt: Config['mqtt'],
  baseDir: string,
  readable: (path: Path, file: string) => string,
  findings: Finding[],
): { mqtt: Config['mqtt']; secrets: Secrets } {
  if (mqtt === undefined) return { mqtt, secrets: {} };
  const { password, ...rest } = mqtt;
  const resolved = { ...rest };
  if (rest.caFile !== undefined) resolved.caFile = readable(['mqtt', 'caFile'], rest.caFile);
  if (rest.passwordFile === undefined) {
    return { mqtt: resolved, secrets: password === undefined ? {} : { mqttPassword: password } };
  }
  resolved.passwordFile = resolve(baseDir, rest.passwordFile);
  const secret = readSecret(resolved.passwordFile);
  if (typeof secret === 'string') return { mqtt: resolved, secrets: { mqttPassword: secret } };
  findings.push({ path: ['mqtt', 'passwordFile'], ...secret });
  return { mqtt: resolved, secrets: {} };
}

function readProblem(path: string): { message: string; hint: string } | undefined {
  try {
    accessSync(path, constants.R_OK);
    if (statSync(path).isDirectory()) return { message: `${path} is a folder`, hint: 'name a file' };
    return undefined;
  } catch (error) {
    return fileProblem(path, error);
  }
}

function mapEntries<T>(
  record: Readonly<Record<string, T>>,
  map: (value: T, key: string) => T,
): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
