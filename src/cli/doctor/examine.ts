import type { Clock } from '../../base/clock.ts';
import { withDeadline } from '../../base/deadline.ts';
import { messageOf, OcellusError } from '../../base/errors.ts';
import { redactUrl } from '../../base/log.ts';
import { formatIssue } from '../../config/issue.ts';
import { type LoadedConfig, loadConfig } from '../../config/load.ts';
import { type Config, configSchema } from '../../config/schema.ts';
import type { Environment } from '../../device/machine-record.ts';
import { brokerFindings } from './broker.ts';
import { cameraFindings, camerasDeadlineMs } from './cameras.ts';
import { deviceFindings } from './device.ts';
import { diskSpeedFindings } from './disk-speed.ts';
import type { Finding } from './finding.ts';
import { clockFindings, diskFindings, machineFindings, nodeFindings } from './host.ts';
import { inferenceFindings } from './inference.ts';
import { permissionFindings } from './permissions.ts';
import { portFindings } from './ports.ts';
import { toolFindings } from './tools.ts';

export interface Examination {
  /** Undefined: the device is examined without a configuration. */
  readonly configFile: string | undefined;
  /** `PATH` finds the tools; the rest is for `${env:NAME}`. */
  readonly environment: Environment;
  readonly clock: Clock;
  readonly nodeVersion: string;
  /** Where `/proc` and `/sys` are looked for; the root of the file system unless a test knows better. */
  readonly root?: string;
  /** Which providers really work; `inferenceFindings` unless a test knows better. */
  readonly probeInference?: (config: Config) => Promise<Finding[]>;
}

const PROBE_DEADLINE_MS = 30_000;
/** TensorRT builds an engine when it first loads a model. */
const INFERENCE_DEADLINE_MS = 15 * 60_000;

/** Runs every probe at once, each with a deadline. Never rejects: what a probe throws is a finding. */
export async function examine(examination: Examination): Promise<Finding[]> {
  const { environment } = examination;
  return (await examineWith(examination, readConfig(examination.configFile, environment))).map(
    withoutSecrets,
  );
}

/** Addresses in what programs and libraries say may hold passwords. */
function withoutSecrets(finding: Finding): Finding {
  const { summary, detail, remedy } = finding;
  return {
    ...finding,
    summary: redactUrl(summary),
    ...(detail !== undefined && { detail: redactUrl(detail) }),
    ...(remedy !== undefined && { remedy: redactUrl(remedy) }),
  };
}

async function examineWith(
  examination: Examination,
  { loaded, findings }: { loaded?: LoadedConfig; findings: Finding[] },
): Promise<Finding[]> {
  const { environment, clock } = examination;
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
    ['device', () => deviceFindings(environment, clock, examination.root)],
    ['cameras', () => cameraFindings(config, environment, clock), camerasDeadlineMs(config)],
    ...(loaded === undefined ? [] : [['broker', () => brokerFindings(loaded, clock)] as const]),
    ...(loaded === undefined ? [] : [['port', () => portFindings(config)] as const]),
    ['permissions', () => permissionFindings(loaded)],
    ['disk', () => diskFindings(config.storage.path)],
    ['disk:speed', () => diskSpeedFindings(config.storage.path, clock)],
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
