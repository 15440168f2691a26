import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type CudaDriver, readGpu, versionOf } from '../../../src/infer/engines/gpu.ts';

const attributes: Record<number, number> = { 18: 1, 75: 8, 76: 7 };

const driver: CudaDriver = {
  cuInit: () => 0,
  cuDeviceGet: (device, ordinal) => {
    device[0] = 7 + ordinal;
    return ordinal === 0 ? 0 : 101;
  },
  cuDeviceGetName: (name, length) => {
    Buffer.from('Orin\0').copy(name);
    return length >= 5 ? 0 : 1;
  },
  cuDeviceGetAttribute: (value, attribute, device) => {
    value[0] = attributes[attribute] ?? 0;
    return device === 7 ? 0 : 101;
  },
};

describe('what a GPU says of itself', () => {
  it('is its name, compute capability, kind of memory and the version of TensorRT', async () => {
    expect(await readGpu(0, { cuda: () => driver, inferVersion: () => 100_300 })).toEqual({
      name: 'Orin',
      computeCapability: '8.7',
      integrated: true,
      tensorRt: '10.3.0',
    });
  });

  it('names what went wrong', async () => {
    const read = readGpu(3, { cuda: () => driver, inferVersion: () => 8_601 });
    await expect(read).rejects.toThrow('the CUDA driver cannot give device 3 (CUresult 101)');
  });

  it('names the library that is missing', async () => {
    // Where there is a driver, this reads it.
    const hasDriver = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64'].some(
      (folder) => existsSync(`${folder}/libcuda.so.1`),
    );
    const outcome = await readGpu(0).then(
      ({ computeCapability }) => computeCapability,
      (error: Error) => error.message,
    );
    expect(outcome).toMatch(hasDriver ? /^\d+\.\d+$|TensorRT|CUDA driver/ : /libcuda\.so\.1/);
  });

  it.each([
    [8_601, '8.6.1'],
    [8_503, '8.5.3'],
    [100_300, '10.3.0'],
    [101_401, '10.14.1'],
  ])('%i is TensorRT %s', (number, text) => {
    expect(versionOf(number)).toBe(text);
  });
});
