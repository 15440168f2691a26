import type { OnnxModel } from '../graph/model-io.ts';
import type { ModelSummary } from '../model-summary.ts';
import { whySilent } from '../sound-model.ts';
import type { Quantization } from './quantization.ts';
import { coarseScores } from './silent-head.ts';

export type WarningCode =
  | 'scores_all_zero'
  | 'scores_coarse'
  | 'external_data_missing'
  | 'integer_convolution_slow'
  | 'activations_signed_on_x64'
  | 'not_for_tensorrt'
  | 'opset_too_old'
  | 'dynamic_axes'
  | 'input_type'
  | 'nms_inside'
  | 'foreign_operators'
  | 'weights_per_tensor';

/** Something about a model that a person should know. An `error`: the program refuses to serve it. */
export interface ModelWarning {
  readonly code: WarningCode;
  readonly severity: 'error' | 'warning' | 'note';
  readonly message: string;
}

/** First operator set with per-channel QuantizeLinear, which TensorRT's INT8 needs. */
const QDQ_OPSET = 13;
const NMS = new Set(['NonMaxSuppression', 'EfficientNMS_TRT', 'BatchedNMSDynamic_TRT', 'RoiAlign']);
const KNOWN_DOMAINS = new Set([
  '',
  'ai.onnx',
  'ai.onnx.ml',
  'com.microsoft',
  'com.microsoft.nchwc',
  'ai.onnx.training',
]);

/** What is remarkable about a model, the worst first. */
export function modelWarnings(
  model: OnnxModel,
  summary: ModelSummary,
  quantization: Quantization,
): ModelWarning[] {
  const all = [
    ...scoreWarnings(model),
    ...dataWarnings(summary),
    ...quantizationWarnings(summary, quantization),
    ...interfaceWarnings(model, summary),
  ];
  const rank = { error: 0, warning: 1, note: 2 };
  return all.sort((a, b) => rank[a.severity] - rank[b.severity]);
}

function scoreWarnings({ graph }: OnnxModel): ModelWarning[] {
  return coarseScores(graph).map((found) =>
    found.silent
      ? { code: 'scores_all_zero', severity: 'error', message: whySilent(found) }
      : {
          code: 'scores_coarse',
          severity: 'warning',
          message: `scores (${found.value}) are quantized in steps of ${found.scale.toPrecision(3)}: keep the end of the head in float`,
        },
  );
}

function dataWarnings({ externalData }: ModelSummary): ModelWarning[] {
  return externalData
    .filter(({ presentBytes, neededBytes }) => presentBytes === null || presentBytes < neededBytes)
    .map(({ location, path, presentBytes, neededBytes }) => ({
      code: 'external_data_missing',
      severity: 'error',
      message:
        presentBytes === null
          ? `its weights are in "${location}", and there is no file ${path}`
          : `its weights are in "${location}", which has ${presentBytes} bytes of ${neededBytes}`,
    }));
}

function quantizationWarnings(
  { operators, opsets }: ModelSummary,
  quantization: Quantization,
): ModelWarning[] {
  const warnings: ModelWarning[] = [];
  const { kind, weightTypes, activationTypes, symmetric, perChannel } = quantization;
  if (operators.ConvInteger !== undefined) {
    const signed = weightTypes.includes('int8');
    warnings.push({
      code: 'integer_convolution_slow',
      severity: 'warning',
      message: signed
        ? 'ConvInteger with signed weights is slower than float on x64: quantize statically'
        : 'dynamic quantization computes ranges in every run and gains little for convolutions: quantize statically',
    });
  }
  if (kind !== 'qdq' && kind !== 'qlinear') return warnings;
  if (activationTypes.includes('int8')) {
    warnings.push({
      code: 'activations_signed_on_x64',
      severity: 'note',
      message: 'signed activations are for TensorRT; on a CPU unsigned ones are faster',
    });
  }
  const opset = opsets[''] ?? 0;
  const reasons = [
    ...(kind === 'qlinear' ? ['it has QLinear operators instead of QuantizeLinear/DequantizeLinear'] : []),
    ...(symmetric === false ? ['zero points are not all 0'] : []),
    ...(opset < QDQ_OPSET ? [`its operator set is ${opset}, and ${QDQ_OPSET} is needed`] : []),
  ];
  if (reasons.length > 0) {
    warnings.push({
      code: 'not_for_tensorrt',
      severity: 'note',
      message: `TensorRT cannot use it as INT8: ${reasons.join('; ')}`,
    });
  }
  if (perChannel === false) {
    warnings.push({
      code: 'weights_per_tensor',
      severity: 'warning',
      message: 'some weights have one scale for all channels, which costs accuracy where channels differ',
    });
  }
  return warnings;
}

function interfaceWarnings(model: OnnxModel, { inputs, operators, opsets }: ModelSummary): ModelWarning[] {
  const warnings: ModelWarning[] = [];
  const opset = opsets[''] ?? 0;
  if (opset < 7) {
    warnings.push({
      code: 'opset_too_old',
      severity: 'warning',
      message: `operator set ${opset} is older than what ONNX Runtime promises to run (7)`,
    });
  }
  for (const { name, dims, type } of inputs) {
    if (dims.some((dim) => dim === null)) {
      warnings.push({
        code: 'dynamic_axes',
        severity: 'note',
        message: `input ${name} has open axes: a fixed size runs faster, and TensorRT builds an engine per size`,
      });
    }
    if (type !== 'float32') {
      const converted = type === 'int64' ? ', which TensorRT converts to int32' : '';
      warnings.push({
        code: 'input_type',
        severity: 'note',
        message: `input ${name} takes ${type}${converted}`,
      });
    }
  }
  const nms = Object.keys(operators).filter((name) => NMS.has(name));
  if (nms.length > 0) {
    warnings.push({
      code: 'nms_inside',
      severity: 'note',
      message: `it suppresses duplicates itself (${nms.join(', ')}): the thresholds in it cannot be changed`,
    });
  }
  const foreign = new Set(
    model.graph.node.map(({ domain }) => domain ?? '').filter((name) => !KNOWN_DOMAINS.has(name)),
  );
  if (foreign.size > 0) {
    warnings.push({
      code: 'foreign_operators',
      severity: 'warning',
      message: `it needs operators that ONNX Runtime does not bring: ${[...foreign].slice(0, 8).join(', ')}`,
    });
  }
  return warnings;
}
