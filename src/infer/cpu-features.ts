import { readFileSync } from 'node:fs';

/**
 * Whether an x64 CPU adds products of 8-bit numbers with pairs saturated to 16 bits: with AVX2 or AVX-512 but without VNNI
 * (Intel SDM, VPMADDUBSW against VPDPBUSD). Other architectures do not; where the CPU does not tell, it is taken to.
 *
 * @param cpuInfo text of /proc/cpuinfo
 */
export function saturatesInt8Sums(arch: string, cpuInfo: string): boolean {
  if (arch !== 'x64') return false;
  const flags = /^flags\s*:(.*)$/m.exec(cpuInfo)?.[1]?.split(' ') ?? [];
  return !flags.includes('avx512_vnni') && !flags.includes('avx_vnni');
}

let known: boolean | undefined;

/** `saturatesInt8Sums` of this machine. */
export function thisCpuSaturates(): boolean {
  known ??= saturatesInt8Sums(process.arch, readCpuInfo());
  return known;
}

function readCpuInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    // Without it the exact way is taken, which is slower and never wrong.
    return '';
  }
}
