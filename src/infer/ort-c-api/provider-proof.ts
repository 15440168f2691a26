import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

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

/** Shape for a first run: a dynamic batch is 1, dynamic channels 3, other dynamic axes 640, which every YOLO takes. */
export function proofDims(dims: readonly (number | null)[]): number[] {
  return dims.map((dim, axis) => dim ?? [1, 3][axis] ?? 640);
}
