import { setNativeStacks } from '../../base/native-stacks.ts';

/** The GPU that an engine is built for, and the TensorRT that builds it. */
export interface GpuFacts {
  /** As CUDA calls it, such as `Orin` or `NVIDIA GeForce RTX 3060`. */
  readonly name: string;
  /** Such as `8.7`. */
  readonly computeCapability: string;
  /** Shares the memory of the board, as a Jetson's does. */
  readonly integrated: boolean;
  /** Such as `10.3.0`. */
  readonly tensorRt: string;
}

/** The two libraries, as `readGpu` needs them. */
export interface GpuLibraries {
  /** The functions of the CUDA driver. @throws Error when there is no driver */
  cuda(): CudaDriver;
  /** What `getInferLibVersion` says. @throws Error when there is no TensorRT */
  inferVersion(): number;
}

/** Of `cuda.h`, CUDA driver API. Each gives a `CUresult`, 0 when all went well, and writes into its first argument. */
export interface CudaDriver {
  cuInit(flags: number): number;
  cuDeviceGet(device: Int32Array, ordinal: number): number;
  cuDeviceGetName(name: Uint8Array, length: number, device: number): number;
  cuDeviceGetAttribute(value: Int32Array, attribute: number, device: number): number;
}

/** `CUdevice_attribute`. */
const INTEGRATED = 18;
const COMPUTE_CAPABILITY_MAJOR = 75;
const COMPUTE_CAPABILITY_MINOR = 76;
const NAME_BYTES = 256;

/** Sonames of the driver, and of TensorRT from the newest; ONNX Runtime 1.18 and newer are built with 8.6 or 10. */
const CUDA_DRIVER = 'libcuda.so.1';
const TENSORRT = ['libnvinfer.so.11', 'libnvinfer.so.10', 'libnvinfer.so.8'] as const;

/**
 * Asks the driver and TensorRT themselves, which works the same on a Jetson, which has no `nvidia-smi` to speak of, and in a container.
 * @param ordinal CUDA's number of the device
 * @throws Error saying what is missing
 */
export async function readGpu(ordinal: number, libraries?: GpuLibraries): Promise<GpuFacts> {
  const { cuda, inferVersion } = libraries ?? (await nativeLibraries());
  const driver = cuda();
  const ask = (what: string, result: number) => {
    if (result !== 0) throw new Error(`the CUDA driver cannot ${what} (CUresult ${result})`);
  };
  ask('start', driver.cuInit(0));
  const device = new Int32Array(1);
  ask(`give device ${ordinal}`, driver.cuDeviceGet(device, ordinal));
  const name = new Uint8Array(NAME_BYTES);
  ask('name the device', driver.cuDeviceGetName(name, NAME_BYTES, device[0]!));
  const attribute = (which: number) => {
    const value = new Int32Array(1);
    ask('describe the device', driver.cuDeviceGetAttribute(value, which, device[0]!));
    return value[0]!;
  };
  return {
    name: Buffer.from(name).toString('utf8').split('\0')[0]!,
    computeCapability: `${attribute(COMPUTE_CAPABILITY_MAJOR)}.${attribute(COMPUTE_CAPABILITY_MINOR)}`,
    integrated: attribute(INTEGRATED) !== 0,
    tensorRt: versionOf(inferVersion()),
  };
}

/** `getInferLibVersion` gives 8601 for 8.6.1 and, from 10 on, 100300 for 10.3.0 (`NvInferVersion.h`). */
export function versionOf(number: number): string {
  const [major, minor] = number < 10_000 ? [1_000, 100] : [10_000, 100];
  return `${Math.trunc(number / major)}.${Math.trunc((number % major) / minor)}.${number % minor}`;
}

async function nativeLibraries(): Promise<GpuLibraries> {
  const { default: koffi } = await import('koffi');
  setNativeStacks(koffi);
  const load = (name: string) => {
    try {
      return koffi.load(name);
    } catch (error) {
      throw new Error(`there is no CUDA driver: ${name} cannot be loaded`, { cause: error });
    }
  };
  return {
    cuda: () => {
      const library = load(CUDA_DRIVER);
      return {
        cuInit: library.func('cuInit', 'int', ['uint']),
        cuDeviceGet: library.func('cuDeviceGet', 'int', ['void *', 'int']),
        cuDeviceGetName: library.func('cuDeviceGetName', 'int', ['void *', 'int', 'int']),
        cuDeviceGetAttribute: library.func('cuDeviceGetAttribute', 'int', ['void *', 'int', 'int']),
      };
    },
    inferVersion: () => {
      const failures: unknown[] = [];
      for (const name of TENSORRT) {
        try {
          return koffi.load(name).func('getInferLibVersion', 'int', [])() as number;
        } catch (error) {
          failures.push(error);
        }
      }
      throw new AggregateError(
        failures,
        `there is no TensorRT: none of ${TENSORRT.join(', ')} can be loaded`,
      );
    },
  };
}
