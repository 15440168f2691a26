import { messageOf, OcellusError } from '../../base/errors.ts';
import type {
  ClassifierModelConfig,
  Config,
  ModelConfig,
  Provider,
  ReidModelConfig,
} from '../../config/schema.ts';
import { createBackend } from '../../infer/backends.ts';
import { plainOptions } from '../../infer/provider-choice.ts';
import { loadClassifierModel } from '../../models/classifier-model.ts';
import { type FixedModelInput, loadDetectionModel } from '../../models/detection-model.ts';
import { loadEmbeddingModel } from '../../models/embedding-model.ts';
import { engineFinding } from './engines.ts';
import type { Finding } from './finding.ts';
import { providerFindings } from './providers.ts';

/** What all kinds of models say about how they are run. */
type RunnableModel = ModelConfig | ClassifierModelConfig | ReidModelConfig;

const CLOSE_DEADLINE_MS = 5_000;

/** Loads ONNX Runtime, and every configured model on every provider that it names, each on its own. */
export async function inferenceFindings(config: Config): Promise<Finding[]> {
  const models = Object.entries(config.models);
  const classifiers = Object.entries(config.classifiers);
  const reid = Object.entries(config.reid);
  if (models.length + classifiers.length + reid.length === 0)
    return [
      await runtimeFinding({ backend: 'auto' }, 'onnxruntime'),
      ...(await providerFindings({ backend: 'auto' })),
    ];
  const found: Finding[] = [];
  // One after another: two sessions being built at once would need the memory of both.
  for (const [name, model] of models) {
    const tensorrt = (id: string) => engineFinding(id, model, config.storage.path);
    found.push(...(await detectorFindings(`model:${name}`, model, tensorrt)));
  }
  for (const [name, classifier] of classifiers) {
    const read = () => loadClassifierModel(classifier, '.');
    found.push(...(await cropModelFindings(`classifier:${name}`, classifier, read)));
  }
  for (const [name, model] of reid) {
    found.push(...(await cropModelFindings(`reid:${name}`, model, () => loadEmbeddingModel(model, '.'))));
  }
  return found;
}

/** As `cropModelFindings`, for a detector, which may take more than a picture. */
async function detectorFindings(
  id: string,
  model: ModelConfig,
  engine: ModelExtras['engine'],
): Promise<Finding[]> {
  try {
    const { fixedInputs } = loadDetectionModel(model, '.');
    return modelFindings(id, model, { fixedInputs, engine });
  } catch (error) {
    return [failure(id, error)];
  }
}

/** A model that cannot be read as what it should be is not worth running. */
async function cropModelFindings(id: string, model: RunnableModel, read: () => unknown): Promise<Finding[]> {
  try {
    read();
  } catch (error) {
    return [failure(id, error)];
  }
  return modelFindings(id, model);
}

async function runtimeFinding(
  options: Pick<ModelConfig, 'backend' | 'libonnxruntime'>,
  id: string,
): Promise<Finding> {
  try {
    const { name, version } = await createBackend(options);
    return { id, status: 'ok', summary: `ONNX Runtime ${version} through ${name}` };
  } catch (error) {
    return failure(id, error);
  }
}

interface ModelExtras {
  readonly fixedInputs?: readonly FixedModelInput[];
  /** Examines TensorRT where it comes first, whose engine is the daemon's to build. */
  readonly engine?: ((id: string) => Promise<Finding>) | undefined;
}

async function modelFindings(
  id: string,
  model: RunnableModel,
  { fixedInputs = [], engine }: ModelExtras = {},
): Promise<Finding[]> {
  const runtime = await runtimeFinding(model, id);
  if (runtime.status !== 'ok') return [runtime];
  const usable: Provider[] = [];
  const findings: Finding[] = [];
  for (const provider of model.providers) {
    const ofProvider = `${id}:${provider}`;
    const hasEngine = engine !== undefined && provider === 'tensorrt' && model.providers[0] === provider;
    const finding = await (hasEngine
      ? engine(ofProvider)
      : providerFinding(ofProvider, model, provider, fixedInputs));
    findings.push(finding);
    if (finding.status === 'ok') usable.push(provider);
  }
  const first = usable[0];
  if (first === undefined) return [runtime, ...findings];
  return [
    { ...runtime, summary: `${runtime.summary}; will run on ${first}` },
    // A provider that another stands in for costs speed, not the work.
    ...findings.map(
      (finding): Finding => (finding.status === 'fail' ? { ...finding, status: 'warn' } : finding),
    ),
  ];
}

async function providerFinding(
  id: string,
  model: RunnableModel,
  provider: Provider,
  fixedInputs: readonly FixedModelInput[],
): Promise<Finding> {
  try {
    const backend = await createBackend(model);
    const session = await backend.open({
      file: model.file,
      fixedInputs,
      providers: [provider],
      providerOptions: plainOptions(model.providerOptions),
      threads: model.threads,
    });
    await session.close(CLOSE_DEADLINE_MS);
    return { id, status: 'ok', summary: `runs ${model.file}` };
  } catch (error) {
    return failure(id, error);
  }
}

function failure(id: string, error: unknown): Finding {
  const hint = error instanceof OcellusError ? error.hint : undefined;
  return {
    id,
    status: 'fail',
    summary: messageOf(error),
    remedy: hint ?? 'look at the model and the library named',
  };
}
