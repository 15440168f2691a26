/**
 * The functions of `OrtApi` that are used, by their place in the table that `OrtGetApiBase()->GetApi(18)` returns.
 *
 * Source: `struct OrtApi` in `include/onnxruntime/core/session/onnxruntime_c_api.h` of ONNX Runtime 1.18
 * (ORT_API_VERSION 18, 280 functions). The header only ever appends to the struct, so the places hold for 1.18 and
 * every later version. `checkTable` in `library.ts` proves them at start by calls whose results are known.
 */
export const ORT_API_VERSION = 18;

/** Oldest ONNX Runtime whose API has version 18. */
export const OLDEST_ORT_VERSION = '1.18';

/** `void *`: an address, or memory of our own; `status`: an `OrtStatus *`, null when all went well. */
export type ArgumentType = 'void *' | 'const char **' | 'str' | 'int' | 'size_t';
export type ResultType = 'status' | 'void *' | 'void' | 'str' | 'int';

export interface OrtFunction {
  readonly index: number;
  readonly result: ResultType;
  readonly args: readonly ArgumentType[];
}

const status = <const Args extends readonly ArgumentType[]>(index: number, args: Args) =>
  ({ index, result: 'status', args }) as const;
const release = (index: number) => ({ index, result: 'void', args: ['void *'] }) as const;

export const ortApiTable = {
  // (OrtErrorCode code, const char* message)
  CreateStatus: { index: 0, result: 'void *', args: ['int', 'str'] },
  GetErrorCode: { index: 1, result: 'int', args: ['void *'] },
  GetErrorMessage: { index: 2, result: 'str', args: ['void *'] },
  ReleaseStatus: release(93),

  // (OrtLoggingLevel, const char* log_id, OrtEnv** out)
  CreateEnv: status(3, ['int', 'str', 'void *']),
  ReleaseEnv: release(92),
  // (char*** out, int* length)
  GetAvailableProviders: status(125, ['void *', 'void *']),
  ReleaseAvailableProviders: status(126, ['void *', 'int']),

  CreateSessionOptions: status(10, ['void *']),
  ReleaseSessionOptions: release(100),
  // (OrtSessionOptions*, const char* file_prefix)
  EnableProfiling: status(14, ['void *', 'str']),
  SetSessionGraphOptimizationLevel: status(23, ['void *', 'int']),
  SetIntraOpNumThreads: status(24, ['void *', 'int']),
  SetInterOpNumThreads: status(25, ['void *', 'int']),
  // (OrtSessionOptions*, const char* key, const char* value)
  AddSessionConfigEntry: status(130, ['void *', 'str', 'str']),
  // (OrtSessionOptions*, const char* name, const char** keys, const char** values, size_t length)
  SessionOptionsAppendExecutionProvider: status(216, [
    'void *',
    'str',
    'const char **',
    'const char **',
    'size_t',
  ]),

  CreateCUDAProviderOptions: status(205, ['void *']),
  // (OrtCUDAProviderOptionsV2*, const char** keys, const char** values, size_t length)
  UpdateCUDAProviderOptions: status(206, ['void *', 'const char **', 'const char **', 'size_t']),
  ReleaseCUDAProviderOptions: release(208),
  SessionOptionsAppendExecutionProvider_CUDA_V2: status(204, ['void *', 'void *']),
  CreateTensorRTProviderOptions: status(171, ['void *']),
  UpdateTensorRTProviderOptions: status(172, ['void *', 'const char **', 'const char **', 'size_t']),
  ReleaseTensorRTProviderOptions: release(174),
  SessionOptionsAppendExecutionProvider_TensorRT_V2: status(170, ['void *', 'void *']),

  // (OrtEnv*, const char* file, OrtSessionOptions*, OrtSession** out)
  CreateSession: status(7, ['void *', 'str', 'void *', 'void *']),
  ReleaseSession: release(95),
  // (OrtSession*, OrtAllocator*, char** out)
  SessionEndProfiling: status(110, ['void *', 'void *', 'void *']),
  SessionGetInputCount: status(30, ['void *', 'void *']),
  SessionGetOutputCount: status(31, ['void *', 'void *']),
  SessionGetInputTypeInfo: status(33, ['void *', 'size_t', 'void *']),
  SessionGetOutputTypeInfo: status(34, ['void *', 'size_t', 'void *']),
  // (OrtSession*, size_t index, OrtAllocator*, char** out)
  SessionGetInputName: status(36, ['void *', 'size_t', 'void *', 'void *']),
  SessionGetOutputName: status(37, ['void *', 'size_t', 'void *', 'void *']),

  CastTypeInfoToTensorInfo: status(55, ['void *', 'void *']),
  GetTensorElementType: status(60, ['void *', 'void *']),
  GetDimensionsCount: status(61, ['void *', 'void *']),
  // (OrtTensorTypeAndShapeInfo*, int64_t* dims, size_t length)
  GetDimensions: status(62, ['void *', 'void *', 'size_t']),
  GetTensorTypeAndShape: status(65, ['void *', 'void *']),
  ReleaseTypeInfo: release(98),
  ReleaseTensorTypeAndShapeInfo: release(99),

  // (OrtAllocatorType, OrtMemType, OrtMemoryInfo** out)
  CreateCpuMemoryInfo: status(69, ['int', 'int', 'void *']),
  ReleaseMemoryInfo: release(94),
  GetAllocatorWithDefaultOptions: status(78, ['void *']),
  AllocatorFree: status(76, ['void *', 'void *']),
  // (OrtMemoryInfo*, void* data, size_t bytes, int64_t* shape, size_t rank, ONNXTensorElementDataType, OrtValue** out)
  CreateTensorWithDataAsOrtValue: status(49, [
    'void *',
    'void *',
    'size_t',
    'void *',
    'size_t',
    'int',
    'void *',
  ]),
  GetTensorMutableData: status(51, ['void *', 'void *']),
  ReleaseValue: release(96),

  CreateRunOptions: status(39, ['void *']),
  ReleaseRunOptions: release(97),
  RunOptionsSetTerminate: status(46, ['void *']),
  // (OrtSession*, OrtRunOptions*, const char** input_names, OrtValue** inputs, size_t, const char** output_names, size_t,
  //  OrtValue** outputs)
  Run: status(9, ['void *', 'void *', 'void *', 'void *', 'size_t', 'void *', 'size_t', 'void *']),
} as const satisfies Record<string, OrtFunction>;

/** Places in the table: one past the last one used. */
export const ORT_API_LENGTH = 1 + Math.max(...Object.values(ortApiTable).map((entry) => entry.index));

/** `OrtErrorCode`. */
export const OrtErrorCode = { fail: 1, invalidArgument: 2, noSuchFile: 3 } as const;

/** `OrtLoggingLevel`. Every error comes back in a status, so that nothing needs to be written to stderr but fatal ones. */
export const ORT_LOGGING_LEVEL_FATAL = 4;

/** `GraphOptimizationLevel`: ORT_ENABLE_ALL. */
export const ORT_ENABLE_ALL = 99;

/** `OrtAllocatorType`: OrtDeviceAllocator; `OrtMemType`: OrtMemTypeDefault. */
export const ORT_DEVICE_ALLOCATOR = 0;
export const ORT_MEM_TYPE_DEFAULT = 0;

/** `ONNXTensorElementDataType` of the element types that inputs and outputs may have. */
export const elementTypes = { float32: 1, uint8: 2, int32: 6, int64: 7, float16: 10 } as const;
