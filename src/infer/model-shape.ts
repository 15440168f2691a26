import { OcellusError } from '../base/errors.ts';
import type { ProviderRefusal, TensorInfo } from './backend.ts';

/** What a session can feed: one input of floats. @throws OcellusError `model_unsupported` */
export function assertImageModel(file: string, inputs: readonly TensorInfo[]): void {
  const [input] = inputs;
  if (inputs.length === 1 && input?.type === 'float32') return;
  const found = inputs.map(
    ({ name, type, dims }) => `${name} ${type} [${dims.map((dim) => dim ?? '?').join(', ')}]`,
  );
  throw new OcellusError(
    'model_unsupported',
    `model ${file} has the inputs ${found.join('; ') || 'none'}, and one input of float32 is supported`,
    { hint: 'export the model with a single float32 image input' },
  );
}

/** None of the configured providers runs the model. */
export function noProvider(refused: readonly ProviderRefusal[]): OcellusError {
  const reasons = refused.map(({ provider, reason }) => `${provider}: ${reason}`).join('; ');
  return new OcellusError('provider_unavailable', `no configured provider can run the model: ${reasons}`, {
    hint: 'install what the provider needs, name a libonnxruntime that has it, or add cpu to providers',
  });
}
