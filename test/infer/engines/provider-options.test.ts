import { describe, expect, it } from 'vitest';
import { modelSchema } from '../../../src/config/schema.ts';
import {
  cudaOptions,
  deviceKind,
  type OptionParts,
  precisionOf,
  tensorRtOptions,
  withEngineFolder,
} from '../../../src/infer/engines/provider-options.ts';

const dims = [1, 3, 416, 416];

function parts(config: Record<string, unknown>, more: Partial<OptionParts> = {}): OptionParts {
  const model = modelSchema.parse({ file: 'm.onnx', ...config });
  return {
    config: model,
    quantized: false,
    input: { name: 'images', dims },
    dims,
    device: 'discrete',
    ...more,
  };
}

describe('options of TensorRT', () => {
  it('are FP16 and nothing else on a discrete GPU', () => {
    expect(tensorRtOptions(parts({}))).toEqual({ trt_fp16_enable: '1', trt_int8_enable: '0' });
  });

  it.each([
    ['orin-nano', '1073741824'],
    ['jetson', '2147483648'],
    ['discrete', undefined],
  ] as const)('leave %s its memory', (device, bytes) => {
    expect(tensorRtOptions(parts({}, { device })).trt_max_workspace_size).toBe(bytes);
  });

  it.each([
    ['a float model', {}, false, 'fp16', '1', '0'],
    ['a quantized model', {}, true, 'int8', '1', '1'],
    ['fp32 by wish', { precision: 'fp32' }, false, 'fp32', '0', '0'],
    ['fp16 by wish', { precision: 'fp16' }, true, 'fp16', '1', '0'],
  ])('have the precision of %s', (_, tensorrt, quantized, precision, fp16, int8) => {
    const of = parts({ tensorrt }, { quantized });
    expect(precisionOf(of)).toBe(precision);
    expect(tensorRtOptions(of)).toMatchObject({ trt_fp16_enable: fp16, trt_int8_enable: int8 });
  });

  it('name a DLA, which computes in FP16 at most, but not on an Orin Nano, which has none', () => {
    const config = { tensorrt: { dlaCore: 1, precision: 'fp32' } };
    const onAgx = tensorRtOptions(parts(config, { device: 'jetson' }));
    expect(onAgx).toMatchObject({ trt_dla_enable: '1', trt_dla_core: '1', trt_fp16_enable: '1' });
    expect(tensorRtOptions(parts(config, { device: 'orin-nano' }))).not.toHaveProperty('trt_dla_enable');
  });

  it('state every shape of a dynamic input, lest an engine is built again in the middle of work', () => {
    const input = { name: 'images', dims: [null, 3, 416, 416] };
    const shape = 'images:1x3x416x416';
    expect(tensorRtOptions(parts({}, { input }))).toMatchObject({
      trt_profile_min_shapes: shape,
      trt_profile_opt_shapes: shape,
      trt_profile_max_shapes: shape,
    });
  });

  it('are overruled by those of ONNX Runtime that are given', () => {
    const given = { tensorrt: { trt_fp16_enable: '0', trt_sparsity_enable: '1' } };
    expect(tensorRtOptions(parts({ providerOptions: given }))).toMatchObject({
      trt_fp16_enable: '0',
      trt_sparsity_enable: '1',
    });
  });

  it('put engine and timing cache where they belong, and dump nothing', () => {
    expect(withEngineFolder({ trt_fp16_enable: '1' }, '/e/engine', '/e/timing')).toEqual({
      trt_fp16_enable: '1',
      trt_engine_cache_enable: '1',
      trt_engine_cache_path: '/e/engine',
      trt_timing_cache_enable: '1',
      trt_timing_cache_path: '/e/timing',
      trt_dump_subgraphs: '0',
      trt_dump_ep_context_model: '0',
    });
  });
});

describe('options of CUDA', () => {
  it('choose algorithms by rule and, on a Jetson, take no more memory than asked for', () => {
    expect(cudaOptions(parts({}))).toEqual({ cudnn_conv_algo_search: 'HEURISTIC' });
    expect(
      cudaOptions(parts({ cuda: { memoryMiB: 512, convSearch: 'exhaustive' } }, { device: 'jetson' })),
    ).toEqual({
      cudnn_conv_algo_search: 'EXHAUSTIVE',
      arena_extend_strategy: 'kSameAsRequested',
      gpu_mem_limit: '536870912',
    });
  });
});

it.each([
  ['NVIDIA Jetson Orin Nano Developer Kit', true, 'orin-nano'],
  ['NVIDIA Jetson AGX Orin Developer Kit', true, 'jetson'],
  ['Supermicro X12', false, 'discrete'],
  [null, false, 'discrete'],
] as const)('%s is of the kind %s %s', (board, integrated, kind) => {
  expect(deviceKind(board, integrated)).toBe(kind);
});

it.each([
  ['a name that nobody knows', { tensorrt: { trt_fp16_enabel: '1' } }],
  ["a place for engines, which is the cache's matter", { tensorrt: { trt_engine_cache_path: '/tmp' } }],
  ['an address', { cuda: { user_compute_stream: '1' } }],
])('the configuration refuses %s', (_, providerOptions) => {
  expect(modelSchema.safeParse({ file: 'm.onnx', providerOptions }).success).toBe(false);
});
