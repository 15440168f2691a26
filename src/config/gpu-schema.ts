import { z } from 'zod';

// How a model runs on NVIDIA GPUs. What is said here in words of its own becomes options of ONNX Runtime's providers in
// src/infer/engines/provider-options.ts; the rest of their options are passed on under their own names.

/**
 * Options of TensorRT that are passed on, as https://onnxruntime.ai/docs/execution-providers/TensorRT-ExecutionProvider.html names them.
 * Left out are those that say where engines lie, which the engine cache must know, and those that hold addresses.
 */
export const TENSORRT_OPTIONS = [
  'device_id',
  'trt_auxiliary_streams',
  'trt_bf16_enable',
  'trt_build_heuristics_enable',
  'trt_builder_optimization_level',
  'trt_context_memory_sharing_enable',
  'trt_cuda_graph_enable',
  'trt_detailed_build_log',
  'trt_dla_core',
  'trt_dla_enable',
  'trt_engine_hw_compatible',
  'trt_extra_plugin_lib_paths',
  'trt_force_sequential_engine_build',
  'trt_force_timing_cache',
  'trt_fp16_enable',
  'trt_int8_calibration_table_name',
  'trt_int8_enable',
  'trt_int8_use_native_calibration_table',
  'trt_layer_norm_fp32_fallback',
  'trt_max_partition_iterations',
  'trt_max_workspace_size',
  'trt_min_subgraph_size',
  'trt_op_types_to_exclude',
  'trt_profile_max_shapes',
  'trt_profile_min_shapes',
  'trt_profile_opt_shapes',
  'trt_sparsity_enable',
  'trt_tactic_sources',
] as const;

/** As https://onnxruntime.ai/docs/execution-providers/CUDA-ExecutionProvider.html names them, without those that hold addresses. */
export const CUDA_OPTIONS = [
  'arena_extend_strategy',
  'cudnn_conv1d_pad_to_nc1d',
  'cudnn_conv_algo_search',
  'cudnn_conv_use_max_workspace',
  'device_id',
  'do_copy_in_default_stream',
  'enable_cuda_graph',
  'enable_skip_layer_norm_strict_mode',
  'fuse_conv_bias',
  'gpu_mem_limit',
  'prefer_nhwc',
  'sdpa_kernel',
  'tunable_op_enable',
  'tunable_op_max_tuning_duration_ms',
  'tunable_op_tuning_enable',
  'use_ep_level_unified_stream',
  'use_tf32',
] as const;

export const providerOptionsSchema = z
  .strictObject({
    tensorrt: z
      .partialRecord(z.enum(TENSORRT_OPTIONS), z.string())
      .optional()
      .describe('Of TensorRT, e.g. trt_sparsity_enable: "1"; they go before what `tensorrt` says'),
    cuda: z
      .partialRecord(z.enum(CUDA_OPTIONS), z.string())
      .optional()
      .describe('Of CUDA, e.g. use_tf32: "0"; they go before what `cuda` says'),
    cpu: z.record(z.string(), z.string()).optional().describe('Configuration entries of the session'),
  })
  .prefault({})
  .describe('Options of the execution providers as ONNX Runtime names them');

export const TENSORRT_PRECISIONS = ['auto', 'fp32', 'fp16', 'int8'] as const;

export const tensorrtSchema = z
  .strictObject({
    precision: z
      .enum(TENSORRT_PRECISIONS)
      .default('auto')
      .describe('auto: int8 with fp16 for a quantized model, else fp16. int8 needs a quantized model'),
    dlaCore: z
      .int()
      .min(0)
      .max(1)
      .optional()
      .describe(
        'Deep learning accelerator of Orin NX and AGX to run on; absent: the GPU. Orin Nano has none',
      ),
    workspaceMiB: z
      .int()
      .min(64)
      .optional()
      .describe('Memory that a build may try; default: 1024 on Orin Nano, 2048 on other Jetsons, else all'),
    optimizationLevel: z
      .int()
      .min(0)
      .max(5)
      .optional()
      .describe("Higher builds longer and runs faster; default: TensorRT's own, 3"),
    buildTimeoutMin: z
      .number()
      .positive()
      .max(240)
      .default(30)
      .describe('A build that takes longer is ended'),
    buildAttempts: z
      .int()
      .min(1)
      .max(20)
      .default(3)
      .describe('Builds that may fail before the engine is given up until model or configuration change'),
  })
  .prefault({})
  .describe('TensorRT, for models that name it in `providers`');

export const cudaSchema = z
  .strictObject({
    memoryMiB: z.int().min(64).optional().describe('Most memory that one session takes; absent: no limit'),
    convSearch: z
      .enum(['heuristic', 'exhaustive', 'default'])
      .default('heuristic')
      .describe('How cuDNN chooses algorithms; exhaustive makes the first run of each shape take seconds'),
  })
  .prefault({})
  .describe('CUDA');
