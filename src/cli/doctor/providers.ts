import { fileURLToPath } from 'node:url';
import { messageOf } from '../../base/errors.ts';
import { PROVIDERS, type Provider } from '../../config/schema.ts';
import type { BackendOptions } from '../../infer/backends.ts';
import { createBackend } from '../../infer/backends.ts';
import { proofDims } from '../../infer/provider-proof.ts';
import type { Finding } from './finding.ts';

/** The model of the demo: it is always there, and small. */
const SMALL_MODEL = fileURLToPath(new URL('../../../models/demo-scene.onnx', import.meta.url));
const RUN_DEADLINE_MS = 60_000;
const CLOSE_DEADLINE_MS = 5_000;

/**
 * Runs a small model on each provider of an ONNX Runtime, alone, with the CPU not allowed to step in. Opening it proves by a
 * profile that the provider ran kernels of it.
 */
export async function providerFindings(options: BackendOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  // One after the other: each needs its memory for itself.
  for (const provider of PROVIDERS) findings.push(await providerFinding(provider, options));
  return findings;
}

async function providerFinding(provider: Provider, options: BackendOptions): Promise<Finding> {
  const id = `provider:${provider}`;
  try {
    const backend = await createBackend(options);
    const session = await backend.open({
      file: SMALL_MODEL,
      providers: [provider],
      providerOptions: {},
      threads: 1,
    });
    try {
      const dims = proofDims(session.inputs[0]!.dims);
      session.input(dims.reduce((product, dim) => product * dim, 1)).fill(0);
      await session.run(dims, RUN_DEADLINE_MS);
    } finally {
      await session.close(CLOSE_DEADLINE_MS);
    }
    return {
      id,
      status: 'ok',
      summary: `runs a small model (${backend.name}, ONNX Runtime ${backend.version})`,
    };
  } catch (error) {
    // What no model asks for does no harm; models that do have findings of their own.
    const summary = `not usable: ${messageOf(error)}`;
    if (provider !== 'cpu') return { id, status: 'skip', summary };
    return {
      id,
      status: 'fail',
      summary,
      remedy: 'install ocellus again: its ONNX Runtime does not work here',
    };
  }
}
