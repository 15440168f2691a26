import type { Clock } from '../../base/clock.ts';
import { withDeadline } from '../../base/deadline.ts';
import { messageOf, OcellusError } from '../../base/errors.ts';
import { formatIssue } from '../../config/issue.ts';
import { type LoadedConfig, loadConfig } from '../../config/load.ts';
import { type Config, configSchema } from '../../config/schema.ts';
import type { Environment } from '../../device/machine-record.ts';
import { brokerFindings } from './broker.ts';
import { cameraFindings } from './cameras.ts';
import type { Finding } from './finding.ts';
import { clockFindings, diskFindings, machineFindings, nodeFindings } from './host.ts';
import { inferenceFindings } from './inference.ts';
import { toolFindings } from './tools.ts';

export interface Examination {
  /** Undefined: the device is examined without a configuration. */
  readonly configFile: string | undefined;
  /** `PATH` finds the tools; the rest is for `${env:NAME}`. */
  readonly environment: Environment;
  readonly clock: Clock;
  readonly nodeVersion: string;
  /** Which providers really work; `inferenceFindings` unless a test knows better. */
  readonly probeInference?: (config: Config) => Promise<Finding[]>;
}

const PROBE_DEADLINE_MS = 30_000;
/** TensorRT builds an engine when it first loads a model. */
const INFERENCE_DEADLINE_MS = 15 * 60_000;

/** Runs every probe at once, each with a deadline. Never rejects: what a probe throws is a finding. */
export async function examine(examination: Examination): Promise<Finding[]> {
  const { environment, clock } = examination;
  const { loaded, findings } = readConfig(examination.configFile, environment);
  const config = loaded?.config ?? configSchema.parse({});
  const probeInference = examination.probeInference ?? inferenceFindings;
  const probes: readonly (readonly [
    id: string,
    probe: () => Finding[] | Promise<Finding[]>,
    deadlineMs?: number,
  ])[] = [
    ['machine', () => machineFindings(environment)],
    ['node', () => nodeFindings(examination.nodeVersion)],
    ['inference', () => probeInference(config), INFERENCE_DEADLINE_MS],
    ['tools', () => toolFindings(config, environment)],
    ['cameras', () => cameraFindings(config)],
    ...(loaded === undefined ? [] : [['broker', () => brokerFindings(loaded)] as const]),
    ['disk', () => diskFindings(config.storage.path)],
    ['clock', () => clockFindings(environment)],
  ];
  const results = await Promise.all(
    probes.map(async ([id, probe, deadlineMs = PROBE_DEADLINE_MS]): Promise<Finding[]> => {
      try {
        return await withDeadline(Promise.resolve(probe()), deadlineMs, `the probe "${id}"`, clock);
      } catch (error) {
        const remedy = 'run again; if it stays, report it with this line';
        return [{ id, status: 'fail', summary: messageOf(error), remedy }];
      }
    }),
  );
  return [...findings, ...results.flat()];
}

function readConfig(
  file: string | undefined,
  environment: Environment,
): { loaded?: LoadedConfig; findings: Finding[] } {
  const id = 'config';
  if (file === undefined) {
    const summary = 'none named: cameras, models and broker are left out (-c FILE)';
    return { findings: [{ id, status: 'skip', summary }] };
  }
  try {
    return {
      loaded: loadConfig(file, environment),
      findings: [{ id, status: 'ok', summary: `${file} is sound` }],
    };
  } catch (error) {
    if (!(error instanceof OcellusError)) throw error;
    if (error.code !== 'config_invalid') {
      return {
        findings: [{ id, status: 'fail', summary: error.message, remedy: error.hint ?? 'name another file' }],
      };
    }
    return {
      findings: [
        {
          id,
          status: 'fail',
          summary: `${error.issues.length} things are wrong with ${file}`,
          detail: error.issues.map(formatIssue).join('\n'),
          remedy: 'put them right; cameras, models and broker are examined then',
        },
      ],
    };
  }
}
