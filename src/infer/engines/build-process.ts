import { writeFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { SystemClock } from '../../base/clock.ts';
import { explain } from '../../base/errors.ts';
import { createBackend } from '../backends.ts';
import { plainOptions } from '../provider-choice.ts';
import { type BuildAnswer, type BuildRequest, buildRequestSchema } from './build-messages.ts';

// The process that builds one engine: it gets one request, opens the model, which has TensorRT build, answers and ends. A crash in
// TensorRT ends this process and no other.

const CLOSE_DEADLINE_MS = 30_000;

// Detection goes first, and when memory gets short it is the build that has to go.
setPriority(constants.priority.PRIORITY_LOW);
// Where the kernel has no such file, or forbids it, a build is ended like anything else.
await writeFile('/proc/self/oom_score_adj', '1000').catch(() => {});

// Without a parent there is nobody to build for. `process.exit` would wait for TensorRT.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.once('message', (message) => {
  build(buildRequestSchema.parse(message)).then(
    () => answer({ type: 'built' }),
    (error: unknown) => answer({ type: 'failed', message: explain(error) }),
  );
});

async function build({
  file,
  providers,
  providerOptions,
  threads,
  libonnxruntime,
}: BuildRequest): Promise<void> {
  const backend = await createBackend({
    backend: 'ort-c-api',
    libonnxruntime: libonnxruntime ?? undefined,
    clock: new SystemClock(),
  });
  const session = await backend.open({
    file,
    providers,
    providerOptions: plainOptions(providerOptions),
    threads,
  });
  const [refusal] = session.refused;
  await session.close(CLOSE_DEADLINE_MS);
  if (refusal !== undefined)
    throw new Error(`${refusal.provider} does not take the model: ${refusal.reason}`);
}

function answer(message: BuildAnswer): void {
  process.send?.(message, () => process.disconnect());
}
