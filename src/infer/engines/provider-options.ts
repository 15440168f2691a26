import type { ModelConfig } from '../../config/schema.ts';
import type { ModelTensor } from '../../models/model-summary.ts';
import { plainOptions } from '../provider-choice.ts';
import type { EngineFacts } from './engine-key.ts';

/** Kinds of devices that want other defaults. */
export type DeviceKind = 'orin-nano' | 'jetson' | 'discrete';

const MIB = 2 ** 20;

/** A Jetson's memory is everybody's: a build that takes all of it has the kernel kill somebody. */
const WORKSPACE_MIB: Readonly<Record<DeviceKind, number | undefined>> = {
  'orin-nano': 1024,
  jetson: 2048,
  discrete: undefined,
};

/** @param board its name, such as `NVIDIA Jetson Orin Nano Developer Kit`; null when it has none */
export function deviceKind(board: string | null, integrated: boolean): DeviceKind {
  if (!integrated) return 'discrete';
  return /orin nano/i.test(board ?? '') ? 'orin-nano' : 'jetson';
}

export interface OptionParts {
  readonly config: Pick<ModelConfig, 'providerOptions' | 'tensorrt' | 'cuda'>;
  /** Has QuantizeLinear nodes. */
  readonly quantized: boolean;
  readonly input: Pick<ModelTensor, 'name' | 'dims'>;
  /** Of one picture. */
  readonly dims: readonly number[];
  readonly device: DeviceKind;
}

/** What TensorRT may compute in. Of a quantized model it builds nothing unless INT8 is allowed. */
export function precisionOf({
  config,
  quantized,
}: Pick<OptionParts, 'config' | 'quantized'>): EngineFacts['precision'] {
  const { precision } = config.tensorrt;
  if (precision !== 'auto') return precision;
  return quantized ? 'int8' : 'fp16';
}

/** Options that an engine depends on, by the names of `OrtTensorRTProviderOptionsV2`; where files lie is not among them. */
export function tensorRtOptions(parts: OptionParts): Record<string, string> {
  const { config, device } = parts;
  const { dlaCore, workspaceMiB = WORKSPACE_MIB[device], optimizationLevel } = config.tensorrt;
  const precision = precisionOf(parts);
  // A DLA takes nothing but FP16 and INT8; TensorRT gives the GPU what it cannot run.
  const usesDla = dlaCore !== undefined && device !== 'orin-nano';
  return {
    trt_fp16_enable: precision === 'fp32' && !usesDla ? '0' : '1',
    trt_int8_enable: precision === 'int8' ? '1' : '0',
    ...(usesDla ? { trt_dla_enable: '1', trt_dla_core: String(dlaCore) } : {}),
    ...(workspaceMiB === undefined ? {} : { trt_max_workspace_size: String(workspaceMiB * MIB) }),
    ...(optimizationLevel === undefined ? {} : { trt_builder_optimization_level: String(optimizationLevel) }),
    ...shapeProfile(parts),
    ...plainOptions(config.providerOptions).tensorrt,
  };
}

/** Options of CUDA, by the names of `OrtCUDAProviderOptionsV2`. */
export function cudaOptions({
  config,
  device,
}: Pick<OptionParts, 'config' | 'device'>): Record<string, string> {
  const { memoryMiB, convSearch } = config.cuda;
  return {
    cudnn_conv_algo_search: convSearch.toUpperCase(),
    // By itself the arena doubles: on a Jetson that is taken from everybody else.
    ...(device === 'discrete' ? {} : { arena_extend_strategy: 'kSameAsRequested' }),
    ...(memoryMiB === undefined ? {} : { gpu_mem_limit: String(memoryMiB * MIB) }),
    ...plainOptions(config.providerOptions).cuda,
  };
}

/** Says where the engine of these options lies; nothing is ever dumped. */
export function withEngineFolder(
  options: Readonly<Record<string, string>>,
  engineFolder: string,
  timingFolder: string,
): Record<string, string> {
  return {
    ...options,
    trt_engine_cache_enable: '1',
    trt_engine_cache_path: engineFolder,
    trt_timing_cache_enable: '1',
    trt_timing_cache_path: timingFolder,
    trt_dump_subgraphs: '0',
    trt_dump_ep_context_model: '0',
  };
}

/**
 * Shapes that the engine must take. Without them one of a dynamic input is built for the first shape that comes and, in the middle
 * of work and for minutes, again for the next.
 */
function shapeProfile({ input, dims }: OptionParts): Record<string, string> {
  if (input.dims.every((dim) => dim !== null)) return {};
  const shape = `${input.name}:${dims.join('x')}`;
  return { trt_profile_min_shapes: shape, trt_profile_opt_shapes: shape, trt_profile_max_shapes: shape };
}
