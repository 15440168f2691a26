import type { Clock } from '../../base/clock.ts';
import type { HostMetrics } from '../../device/host/host-metrics.ts';
import { HostReader } from '../../device/host/host-reader.ts';
import { jetpackOf, jetsonFacts } from '../../device/jetson.ts';
import type { Environment } from '../../device/machine-record.ts';
import { runProgram } from '../../device/program.ts';
import type { Finding } from './finding.ts';

/** Below it, a warm afternoon or a busy hour makes the device slow. */
const LOW_HEADROOM_C = 10;
const LOW_MEMORY_BYTES = 256 * 2 ** 20;
/** Counters and shares of time are between two samples. */
const BETWEEN_SAMPLES_MS = 1_000;

/** Sensors, power mode and system release of this machine. @param root where `/proc` and `/sys` are looked for */
export async function deviceFindings(environment: Environment, clock: Clock, root = '/'): Promise<Finding[]> {
  const reader = new HostReader(clock, root);
  await reader.sample();
  await clock.sleep(BETWEEN_SAMPLES_MS);
  const metrics = await reader.sample();
  return [
    ...(await jetsonFinding(root)),
    ...(await powerModeFinding(metrics, environment)),
    thermalFinding(metrics),
    throttlingFinding(metrics),
    memoryFinding(metrics),
  ];
}

async function jetsonFinding(root: string): Promise<Finding[]> {
  const facts = await jetsonFacts(root);
  if (facts === null) return [];
  const id = 'jetpack';
  const jetpack = jetpackOf(facts);
  if (jetpack === null)
    return [
      {
        id,
        status: 'warn',
        summary: `L4T ${facts.l4t} is of no JetPack that is known here`,
        remedy: 'see the guide',
      },
    ];
  const summary = `JetPack ${jetpack} (L4T ${facts.l4t})`;
  return Number(jetpack) >= 5
    ? [{ id, status: 'ok', summary }]
    : [
        {
          id,
          status: 'fail',
          summary: `${summary} is too old for Node 20`,
          remedy: 'flash JetPack 5 or newer',
        },
      ];
}

async function powerModeFinding(metrics: HostMetrics, environment: Environment): Promise<Finding[]> {
  const { powerMode } = metrics;
  if (powerMode === null) return [];
  const id = 'power-mode';
  // The program knows better than the file, where it may be run.
  const asked = await runProgram('nvpmodel', ['-q'], 5_000, environment);
  const said =
    asked.outcome === 'exited' ? /^NV Power Mode: *(?:MODE_)?(\S+)/m.exec(asked.stdout)?.[1] : undefined;
  const name = said ?? powerMode.name ?? `mode ${powerMode.id}`;
  const fastest = powerMode.fastest?.replace(/^MODE_/, '') ?? null;
  if (fastest === null || name.replace(/^MODE_/, '') === fastest)
    return [{ id, status: 'ok', summary: name }];
  return [
    {
      id,
      status: 'warn',
      summary: `${name}; the fastest mode of this board is ${fastest}`,
      remedy: `"sudo nvpmodel -m N" with the number of ${fastest} in /etc/nvpmodel.conf, if supply and cooling allow it`,
    },
  ];
}

function thermalFinding({ thermal: { hottestC, headroomC, zones } }: HostMetrics): Finding {
  const id = 'temperature';
  if (hottestC === null)
    return { id, status: 'skip', summary: 'this machine has no sensor that may be read' };
  if (headroomC === null) return { id, status: 'ok', summary: `${hottestC} °C` };
  const nearest = zones.find((zone) => zone.headroomC === headroomC)?.name ?? 'a sensor';
  const summary = `${hottestC} °C, ${headroomC} °C below the next limit (${nearest})`;
  if (headroomC >= LOW_HEADROOM_C) return { id, status: 'ok', summary };
  const remedy = 'clean or add a fan, give it air, or choose a lower power mode';
  return { id, status: headroomC <= 0 ? 'fail' : 'warn', summary, remedy };
}

function throttlingFinding({ throttling: { active, reasons, overCurrentEvents } }: HostMetrics): Finding {
  const id = 'throttling';
  if (active === null)
    return { id, status: 'skip', summary: 'this machine does not tell whether it is slowed down' };
  const events = Object.entries(overCurrentEvents).filter(([, count]) => count > 0);
  const since = events.map(([name, count]) => `${name} ${count}`).join(', ');
  if (active) {
    const remedy = reasons.some((reason) => reason.startsWith('thermal'))
      ? 'clean or add a fan, give it air, or choose a lower power mode'
      : 'use the power supply that the maker of the board names, with a short cable';
    return { id, status: 'warn', summary: `slowed down now: ${reasons.join(', ')}`, remedy };
  }
  if (events.length === 0) return { id, status: 'ok', summary: 'not slowed down' };
  const summary = `not slowed down now; over-current since the start: ${since}`;
  return { id, status: 'ok', summary };
}

function memoryFinding({ memory, pressure }: HostMetrics): Finding {
  const id = 'memory';
  const { availableBytes, limit } = memory;
  if (availableBytes === null) return { id, status: 'skip', summary: 'this machine does not tell' };
  const underLimit = limit?.usedBytes == null ? Infinity : limit.bytes - limit.usedBytes;
  const left = Math.min(availableBytes, underLimit);
  const stalled = pressure.memory?.someAvg10Percent ?? 0;
  const summary = `${Math.round(left / 2 ** 20)} MiB left${underLimit < availableBytes ? ' below the limit of the control group' : ''}`;
  if (left >= LOW_MEMORY_BYTES && stalled < 10) return { id, status: 'ok', summary };
  return {
    id,
    status: 'warn',
    summary: `${summary}; work waited for memory in ${stalled} % of the last 10 s`,
    remedy: 'end other programs, configure fewer cameras or smaller models, or raise MemoryMax',
  };
}
