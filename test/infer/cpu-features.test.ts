import { expect, test } from 'vitest';
import { saturatesInt8Sums } from '../../src/infer/cpu-features.ts';
import { cpuOptions } from '../../src/infer/detector.ts';

test.each([
  ['an x64 CPU with AVX2 alone', 'x64', 'flags\t\t: fpu avx2 fma', true],
  ['one with AVX512 but no VNNI', 'x64', 'flags\t\t: avx512f avx512bw', true],
  ['one with AVX512-VNNI', 'x64', 'model name\t: X\nflags\t\t: avx512f avx512_vnni', false],
  ['one with AVX-VNNI', 'x64', 'flags\t\t: avx2 avx_vnni', false],
  ['one that does not tell: the exact way is never wrong', 'x64', '', true],
  ['arm64', 'arm64', 'Features\t: asimd', false],
])('8-bit sums of %s saturate', (_, arch, cpuInfo, expected) => {
  expect(saturatesInt8Sums(arch, cpuInfo)).toBe(expected);
});

test('the exact way is asked for only where a quantized model would saturate', () => {
  const model = (operators: Record<string, number>) =>
    ({ summary: { operators } }) as Parameters<typeof cpuOptions>[0];
  expect(cpuOptions(model({ QuantizeLinear: 3 }), true)).toEqual({ 'session.x64quantprecision': '1' });
  expect(cpuOptions(model({ QuantizeLinear: 3 }), false)).toEqual({});
  expect(cpuOptions(model({ Conv: 3 }), true)).toEqual({});
});
