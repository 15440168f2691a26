import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import koffi, { type LibraryHandle } from 'koffi';
import { messageOf, OcellusError } from '../../base/errors.ts';
import { setNativeStacks } from '../../base/native-stacks.ts';
import { bindOrtApi, type OrtApi, type Pointer } from './ort-api.ts';
import {
  OLDEST_ORT_VERSION,
  ORT_API_LENGTH,
  ORT_API_VERSION,
  ORT_LOGGING_LEVEL_FATAL,
  OrtErrorCode,
} from './ort-api-table.ts';
import { check, takeOut } from './status.ts';

/** A loaded libonnxruntime with its one environment. */
export interface OrtLibrary {
  readonly file: string;
  /** E.g. `1.30.0`. */
  readonly version: string;
  /** Names of the execution providers compiled in, e.g. `CUDAExecutionProvider`; their own libraries may still lack. */
  readonly providers: readonly string[];
  readonly api: OrtApi;
  readonly env: Pointer;
}

// A library is loaded once and never unloaded: ONNX Runtime's threads and the functions bound to it outlive any session,
// and koffi would unload it with the handle.
const loaded = new Map<string, { handle: LibraryHandle; library: OrtLibrary }>();

/** Path of the libonnxruntime inside the package onnxruntime-node. @throws OcellusError `backend_unavailable` */
export function bundledLibrary(platform: string = process.platform, arch: string = process.arch): string {
  const file = { linux: 'libonnxruntime.so.1', darwin: 'libonnxruntime.1.dylib' }[platform];
  const root = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const path = file === undefined ? undefined : join(root, 'bin', 'napi-v6', platform, arch, file);
  if (path === undefined || !existsSync(path)) {
    throw new OcellusError(
      'backend_unavailable',
      `onnxruntime-node brings no libonnxruntime for ${platform}-${arch}`,
      {
        hint: `name a libonnxruntime.so of ${OLDEST_ORT_VERSION} or newer in libonnxruntime`,
      },
    );
  }
  return path;
}

/**
 * Loads libonnxruntime and proves that it is what the function table expects.
 * @throws OcellusError `backend_unavailable` when the file is missing, no libonnxruntime, too old or not as expected
 */
export function loadLibrary(path: string): OrtLibrary {
  if (!existsSync(path)) throw unavailable(path, 'there is no such file');
  const file = realpathSync(path);
  const known = loaded.get(file);
  if (known !== undefined) return known.library;

  setNativeStacks(koffi);
  const handle = open(path);
  const { version, api } = readApi(path, handle);
  const library = { file: path, version, api, ...checkTable(path, api) };
  loaded.set(file, { handle, library });
  return library;
}

function open(path: string): LibraryHandle {
  try {
    return koffi.load(path);
  } catch (error) {
    throw unavailable(path, messageOf(error), error);
  }
}

function readApi(path: string, handle: LibraryHandle): { version: string; api: OrtApi } {
  let getBase: () => Pointer | null;
  try {
    getBase = handle.func('OrtGetApiBase', 'void *', []);
  } catch (error) {
    throw unavailable(path, 'it has no symbol OrtGetApiBase, so it is not ONNX Runtime', error);
  }
  const base = getBase();
  if (base === null) throw unavailable(path, 'OrtGetApiBase returned nothing');
  const [getApi, getVersionString] = koffi.decode(base, koffi.array('void *', 2)) as [Pointer, Pointer];
  const version = koffi.decode(getVersionString, koffi.proto('str', []))() as string;
  if (!isAtLeast(version, OLDEST_ORT_VERSION)) {
    throw unavailable(path, `it is ONNX Runtime ${version}, and ${OLDEST_ORT_VERSION} or newer is needed`);
  }
  const api = koffi.decode(getApi, koffi.proto('void *', ['uint32_t']))(ORT_API_VERSION) as Pointer | null;
  if (api === null) throw unavailable(path, `ONNX Runtime ${version} has no API version ${ORT_API_VERSION}`);
  return { version, api: bindOrtApi(koffi.decode(api, koffi.array('void *', ORT_API_LENGTH))) };
}

/** Calls with known results, across the table, before anything depends on it. */
function checkTable(path: string, api: OrtApi): { env: Pointer; providers: readonly string[] } {
  const text = 'ocellus checks the function table';
  const made = api.CreateStatus(OrtErrorCode.noSuchFile, text);
  if (
    made === null ||
    api.GetErrorCode(made) !== OrtErrorCode.noSuchFile ||
    api.GetErrorMessage(made) !== text
  ) {
    throw unavailable(
      path,
      'a status does not keep its code and message: its function table is not the expected one',
    );
  }
  api.ReleaseStatus(made);
  const providers = availableProviders(api);
  if (!providers.includes('CPUExecutionProvider')) {
    throw unavailable(path, 'it lists no CPU provider: its function table is not the expected one');
  }
  const env = takeOut((out) => check(api, api.CreateEnv(ORT_LOGGING_LEVEL_FATAL, 'ocellus', out)));
  return { env, providers };
}

function availableProviders(api: OrtApi): readonly string[] {
  const length = new Int32Array(1);
  const list = takeOut((out) => check(api, api.GetAvailableProviders(out, length)));
  const names = koffi.decode(list, koffi.array('str', length[0]!)) as string[];
  check(api, api.ReleaseAvailableProviders(list, length[0]!));
  return names;
}

function isAtLeast(version: string, oldest: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split('.').map(Number);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

function unavailable(path: string, reason: string, cause?: unknown): OcellusError {
  return new OcellusError('backend_unavailable', `cannot use ${path} as ONNX Runtime: ${reason}`, {
    hint: `name a libonnxruntime.so of ${OLDEST_ORT_VERSION} or newer for ${process.platform}-${process.arch}, or leave libonnxruntime out to use the bundled one`,
    cause,
  });
}
