import { OcellusError } from '../base/errors.ts';
import { readOnnxModel } from './graph/model-io.ts';
import { coarseScores } from './inspect/silent-head.ts';
import type { ModelSummary } from './model-summary.ts';

/**
 * Refuses a quantized model that can detect nothing, before it is served.
 *
 * @throws OcellusError `model_unsupported`
 */
export function refuseSilentModel({ file, operators }: ModelSummary): void {
  if (operators.QuantizeLinear === undefined) return;
  const silent = coarseScores(readOnnxModel(file).graph).find((each) => each.silent);
  if (silent === undefined) return;
  throw new OcellusError('model_unsupported', `${file} can detect nothing: ${whySilent(silent)}`, {
    hint: 'use the float model, or quantize it again with the end of its head in float (ocellus models quantize)',
  });
}

/** Why no score gets through, for people. */
export function whySilent({
  value,
  scale,
  withBoxes,
}: {
  value: string;
  scale: number;
  withBoxes: boolean;
}): string {
  const shared = withBoxes ? 'its boxes and scores were quantized together' : 'its scores were quantized';
  return `${shared} (${value}) in steps of ${scale.toPrecision(3)}, so that every score of 0..1 becomes 0`;
}
