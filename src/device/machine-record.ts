import { arch, release } from 'node:os';
import { cpu, mem, osInfo, system } from 'systeminformation';
import { boardModel, type JetsonFacts, jetsonFacts } from './jetson.ts';
import { runProgram } from './program.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The machine that a measurement was taken on. */
export interface MachineRecord {
  /** Board or computer, such as `NVIDIA Jetson Orin Nano Developer Kit`; null when it does not say. */
  readonly board: string | null;
  /** Null on anything but a Jetson. */
  readonly jetson: JetsonFacts | null;
  readonly cpu: {
    readonly model: string;
    /** Logical processors. */
    readonly threads: number;
    readonly cores: number;
  };
  readonly memoryMiB: number;
  /** Discrete NVIDIA GPUs as `name, driver`; empty on a Jetson, whose GPU is part of the board. */
  readonly gpus: readonly string[];
  readonly os: string;
  readonly kernel: string;
  readonly arch: string;
  readonly node: string;
}

const NVIDIA_SMI_DEADLINE_MS = 5_000;

/**
 * Describes this machine.
 *
 * @param root where `/proc` and `/etc` are looked for
 * @param environment whose `PATH` finds `nvidia-smi`
 */
export async function machineRecord(
  root = '/',
  environment: Environment = process.env,
): Promise<MachineRecord> {
  const [board, jetson, processor, memory, os, computer, gpus] = await Promise.all([
    boardModel(root),
    jetsonFacts(root),
    cpu(),
    mem(),
    osInfo(),
    system(),
    nvidiaGpus(environment),
  ]);
  const computerName = [computer.manufacturer, computer.model].filter((part) => part !== '').join(' ');
  return {
    board: board ?? (computerName || null),
    jetson,
    cpu: {
      model: `${processor.manufacturer} ${processor.brand}`.trim(),
      threads: processor.cores,
      cores: processor.physicalCores,
    },
    memoryMiB: Math.round(memory.total / 2 ** 20),
    gpus,
    os: `${os.distro} ${os.release}`.trim(),
    kernel: release(),
    arch: arch(),
    node: process.version,
  };
}

/** `board; cpu (threads); memory; gpus; os`, on one line for people. */
export function describeMachine(record: MachineRecord): string {
  const l4t = record.jetson === null ? [] : [`L4T ${record.jetson.l4t}`];
  return [
    ...(record.board === null ? [] : [record.board]),
    ...l4t,
    `${record.cpu.model}, ${record.cpu.threads} threads`,
    `${record.memoryMiB} MiB`,
    ...record.gpus,
    `${record.os} ${record.arch}`,
    `Node ${record.node}`,
  ].join('; ');
}

async function nvidiaGpus(environment: Environment): Promise<string[]> {
  const query = ['--query-gpu=name,driver_version', '--format=csv,noheader'];
  const result = await runProgram('nvidia-smi', query, NVIDIA_SMI_DEADLINE_MS, environment);
  if (result.outcome !== 'exited' || result.status !== 0) return [];
  return result.stdout.split('\n').filter((line) => line.trim() !== '');
}
