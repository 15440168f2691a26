import { messageOf, OcellusError } from '../base/errors.ts';
import type { Provider } from '../config/schema.ts';
import type { ProviderRefusal, SessionOptions } from './backend.ts';
import { modelFileError, modelInvalid } from './model-load-error.ts';

/** Names of the providers in ONNX Runtime's own words. */
export const providerNames: Readonly<Record<Provider, string>> = {
  tensorrt: 'TensorrtExecutionProvider',
  cuda: 'CUDAExecutionProvider',
  cpu: 'CPUExecutionProvider',
};

/** Options as they were given, or validated, without those that are not there. */
export function plainOptions(
  given: Readonly<Partial<Record<Provider, Readonly<Record<string, string | undefined>> | undefined>>>,
): SessionOptions['providerOptions'] {
  return Object.fromEntries(
    Object.entries(given).flatMap(([provider, options]) =>
      options === undefined ? [] : [[provider, withoutAbsent(options)]],
    ),
  );
}

function withoutAbsent(options: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

/**
 * Tries the configured providers in their order and gives the first that `tryOpen` can open the model on.
 *
 * @param tryOpen gets the provider to try followed by those after it in the list, which may take the nodes that it does
 *   not, and the refusals so far; rejects with a plain Error when the provider is not to be had
 * @throws OcellusError `provider_unavailable` when all refuse; the model's own faults at once
 */
export async function openOnFirstProvider<T>(
  options: SessionOptions,
  tryOpen: (providers: readonly Provider[], refused: readonly ProviderRefusal[]) => Promise<T>,
): Promise<T> {
  const refused: ProviderRefusal[] = [];
  for (const [i, provider] of options.providers.entries()) {
    try {
      return await tryOpen(options.providers.slice(i), [...refused]);
    } catch (error) {
      if (error instanceof OcellusError) throw error;
      const fault = modelFileError(options.file, error);
      if (fault !== undefined) throw fault;
      // The CPU is always there: what it cannot load is the model's fault.
      if (provider === 'cpu') throw modelInvalid(options.file, plainReason(error), error);
      refused.push({ provider, reason: plainReason(error) });
    }
  }
  const reasons = refused.map(({ provider, reason }) => `${provider}: ${reason}`).join('; ');
  throw new OcellusError('provider_unavailable', `no configured provider can run the model: ${reasons}`, {
    hint: 'install what the provider needs, name a libonnxruntime that has it, or add cpu to providers',
  });
}

/** ONNX Runtime's message without the place in its source code. */
export function plainReason(thrown: unknown): string {
  return messageOf(thrown)
    .replace(/^.*\[ONNXRuntimeError\] : \d+ : \w+ : /s, '')
    .replace(/^\S*onnxruntime\S*\.(cc|h):\d+ /, '')
    .replace(/^(Error in execution: |Exception during initialization: )/, '')
    .trim();
}
