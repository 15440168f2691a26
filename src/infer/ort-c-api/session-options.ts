import type { Provider } from '../../config/schema.ts';
import type { SessionOptions } from '../backend.ts';
import type { OrtApi, Pointer } from './ort-api.ts';
import { ORT_ENABLE_ALL } from './ort-api-table.ts';
import { check, takeOut } from './status.ts';

export interface NativeOptions {
  /** The provider to try, then those that may take the nodes that it does not. */
  readonly providers: readonly Provider[];
  /** Prefix of the file into which the first run is profiled; absent: no profile. */
  readonly profilePrefix?: string;
}

/**
 * Builds an `OrtSessionOptions`, hands it to `use` and frees it when that has settled.
 * @throws OrtStatusError when a provider cannot be had or does not know one of its options
 */
export async function withSessionOptions<T>(
  api: OrtApi,
  options: SessionOptions,
  native: NativeOptions,
  use: (sessionOptions: Pointer) => Promise<T>,
): Promise<T> {
  const sessionOptions = takeOut((out) => check(api, api.CreateSessionOptions(out)));
  try {
    check(api, api.SetSessionGraphOptimizationLevel(sessionOptions, ORT_ENABLE_ALL));
    check(api, api.SetIntraOpNumThreads(sessionOptions, options.threads));
    check(api, api.SetInterOpNumThreads(sessionOptions, 1));
    for (const [key, value] of Object.entries(configEntries(options, native.providers))) {
      check(api, api.AddSessionConfigEntry(sessionOptions, key, value));
    }
    for (const provider of native.providers) {
      appendProvider(api, sessionOptions, provider, options.providerOptions[provider] ?? {});
    }
    if (native.profilePrefix !== undefined)
      check(api, api.EnableProfiling(sessionOptions, native.profilePrefix));
    return await use(sessionOptions);
  } finally {
    api.ReleaseSessionOptions(sessionOptions);
  }
}

function configEntries(options: SessionOptions, providers: readonly Provider[]): Record<string, string> {
  return {
    // Waiting threads that spin cost five times the CPU of the work itself at 5 frames a second.
    'session.intra_op.allow_spinning': '0',
    // ONNX Runtime adds the CPU by itself for what nobody else takes; only who asked for it shall get it.
    ...(providers.includes('cpu') ? {} : { 'session.disable_cpu_ep_fallback': '1' }),
    // The CPU provider has no options of its own; what is given for it are session configuration entries.
    ...options.providerOptions.cpu,
  };
}

function appendProvider(
  api: OrtApi,
  sessionOptions: Pointer,
  provider: Provider,
  options: Readonly<Record<string, string>>,
): void {
  const keys = Object.keys(options);
  const values = Object.values(options);
  switch (provider) {
    case 'cpu':
      return;
    case 'cuda': {
      const cuda = takeOut((out) => check(api, api.CreateCUDAProviderOptions(out)));
      try {
        check(api, api.UpdateCUDAProviderOptions(cuda, keys, values, keys.length));
        check(api, api.SessionOptionsAppendExecutionProvider_CUDA_V2(sessionOptions, cuda));
      } finally {
        api.ReleaseCUDAProviderOptions(cuda);
      }
      return;
    }
    case 'tensorrt': {
      const tensorrt = takeOut((out) => check(api, api.CreateTensorRTProviderOptions(out)));
      try {
        check(api, api.UpdateTensorRTProviderOptions(tensorrt, keys, values, keys.length));
        check(api, api.SessionOptionsAppendExecutionProvider_TensorRT_V2(sessionOptions, tensorrt));
      } finally {
        api.ReleaseTensorRTProviderOptions(tensorrt);
      }
      return;
    }
  }
}
