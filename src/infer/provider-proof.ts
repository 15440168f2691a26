import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Provider } from '../config/schema.ts';
import type { InferenceSession } from './backend.ts';
import { providerNames } from './provider-choice.ts';

// A GPU provider that was accepted may still have been given no node of the graph, and the CPU the lot. To ask for "no node
// on the CPU" would refuse sound sessions, because shape arithmetic and some heads of quantized models belong there. So the
// first run is profiled: a provider is in use if it ran a kernel. That run also warms the session up. Where `cpu` is not
// in the list of providers, `session.disable_cpu_ep_fallback` refuses the CPU besides.

/** Longest first run: TensorRT may build an engine in it. */
export const PROOF_RUN_DEADLINE_MS = 15 * 60_000;

const profileSchema = z.array(
  z.object({
    cat: z.string().optional(),
    args: z.object({ provider: z.string().optional() }).optional(),
  }),
);

/** Kernels that each provider ran, by the provider's name, as a profile of ONNX Runtime says. */
export function kernelsByProvider(profileJson: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const event of profileSchema.parse(JSON.parse(profileJson))) {
    const provider = event.args?.provider;
    if (event.cat === 'Node' && provider !== undefined && provider !== '') {
      counts.set(provider, (counts.get(provider) ?? 0) + 1);
    }
  }
  return counts;
}

/**
 * Runs a session once on zeros and looks into its profile.
 * @throws Error when `provider` ran no kernel
 */
export async function assertProviderRuns(
  provider: Provider,
  session: Pick<InferenceSession, 'inputs' | 'input' | 'run'>,
  endProfiling: () => void,
  readProfile: () => Promise<string>,
): Promise<void> {
  const dims = proofDims(session.inputs[0]!.dims);
  session.input(dims.reduce((product, dim) => product * dim, 1)).fill(0);
  await session.run(dims, PROOF_RUN_DEADLINE_MS);
  endProfiling();
  if (!kernelsByProvider(await readProfile()).has(providerNames[provider])) {
    throw new Error(`${providerNames[provider]} took no node of this model`);
  }
}

/** Gives `use` a directory for one profile, and what is in that profile afterwards. The directory is removed. */
export async function withProfile<T>(
  use: (prefix: string, readProfile: () => Promise<string>) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'ocellus-profile-'));
  try {
    return await use(join(directory, 'run'), async () => {
      const [file] = await readdir(directory);
      if (file === undefined) throw new Error('ONNX Runtime wrote no profile');
      return readFile(join(directory, file), 'utf8');
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * Shape for a first run: a dynamic batch is 1, dynamic channels 3, other dynamic axes 640, which every detector takes. Without a
 * batch axis the picture has three.
 */
export function proofDims(dims: readonly (number | null)[]): number[] {
  const batch = dims.length === 3 ? [] : [1];
  const usual = dims.at(-1) === 3 ? [...batch, 640, 640, 3] : [...batch, 3];
  return dims.map((dim, axis) => dim ?? usual[axis] ?? 640);
}
