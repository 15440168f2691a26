import type { HwAccel } from '../../config/camera-schema.ts';
import type { Config } from '../../config/schema.ts';
import type { Environment } from '../../device/machine-record.ts';
import { runProgram } from '../../device/program.ts';
import { decoderFindings } from './decoders.ts';
import type { Finding } from './finding.ts';

const DEADLINE_MS = 10_000;
const OLDEST_FFMPEG = [4, 4] as const;

/** ffmpeg, GStreamer and setpriv: whether they are there, new enough, and can decode as the configuration wants. */
export async function toolFindings(config: Config, environment: Environment): Promise<Finding[]> {
  const cameras = Object.values(config.cameras).filter(({ enabled }) => enabled);
  const needsGst = ({ source, capture }: (typeof cameras)[number]) =>
    capture.backend === 'gstreamer' || capture.pipeline !== undefined || source.startsWith('csi:');
  const gstCameras = cameras.filter(needsGst);
  const ffmpegCameras = cameras.filter((camera) => !needsGst(camera) && !camera.source.startsWith('sim:'));
  const findings = await Promise.all([
    ...programsOf(
      ffmpegCameras.map(({ capture }) => capture.ffmpeg),
      'ffmpeg',
    ).map((program) =>
      ffmpegFindings(
        program,
        // Without cameras nobody knows yet what will be needed: ffmpeg nearly always is.
        ffmpegCameras.length > 0 || cameras.length === 0,
        ffmpegCameras
          .filter(({ capture }) => capture.ffmpeg === program)
          .map(({ capture }) => capture.hwaccel),
        environment,
      ),
    ),
    ...programsOf(
      gstCameras.map(({ capture }) => capture.gstLaunch),
      'gst-launch-1.0',
    ).map((program) => gstreamerFindings(program, gstCameras.length > 0, environment)),
    setprivFindings(environment),
  ]);
  return findings.flat();
}

function programsOf(configured: readonly string[], fallback: string): string[] {
  return configured.length === 0 ? [fallback] : [...new Set(configured)];
}

async function ffmpegFindings(
  program: string,
  needed: boolean,
  hwaccels: readonly string[],
  environment: Environment,
): Promise<Finding[]> {
  const id = 'ffmpeg';
  const result = await runProgram(program, ['-hide_banner', '-version'], DEADLINE_MS, environment);
  if (result.outcome !== 'exited' || result.status !== 0) {
    const summary = result.outcome === 'missing' ? `${program} is not installed` : `${program} does not run`;
    return [{ id, status: needed ? 'fail' : 'warn', summary, remedy: 'apt-get install ffmpeg' }];
  }
  const version = /^ffmpeg version (\S+)/.exec(result.stdout)?.[1] ?? 'unknown';
  const decoders = await hardwareDecoders(program, environment);
  const available = decoders.length === 0 ? 'none' : decoders.join(', ');
  const tooOld = isOlder(version, OLDEST_FFMPEG);
  return [
    {
      id,
      status: tooOld ? 'fail' : 'ok',
      summary: `${program} ${version}; hardware decoding built in: ${available}`,
      ...(tooOld ? { remedy: `install ffmpeg ${OLDEST_FFMPEG.join('.')} or newer` } : {}),
    },
    ...[...new Set(hwaccels)].flatMap((hwaccel) => hwaccelFinding(program, hwaccel, decoders)),
    ...(await decoderFindings(program, decoders, hwaccels, environment)),
  ];
}

function hwaccelFinding(program: string, hwaccel: string, available: readonly string[]): Finding[] {
  if (hwaccel === 'none' || hwaccel === 'auto') return [];
  const id = `ffmpeg:${hwaccel}`;
  if (available.some((name) => name === hwaccel))
    return [{ id, status: 'ok', summary: `${program} was built with ${hwaccel}` }];
  return [
    {
      id,
      status: 'fail',
      summary: `${program} was built without ${hwaccel}`,
      remedy: 'name an ffmpeg that has it under capture.ffmpeg, or set capture.hwaccel: none',
    },
  ];
}

/** The presets of `capture.hwaccel` that this ffmpeg was built for. */
async function hardwareDecoders(program: string, environment: Environment): Promise<HwAccel[]> {
  const [hwaccels, decoders] = await Promise.all(
    ['-hwaccels', '-decoders'].map((list) =>
      runProgram(program, ['-hide_banner', list], DEADLINE_MS, environment),
    ),
  );
  const methods = hwaccels?.outcome === 'exited' ? hwaccels.stdout.split(/\s+/) : [];
  const codecs = decoders?.outcome === 'exited' ? decoders.stdout.split(/\s+/) : [];
  return [
    ...(['cuda', 'vaapi'] as const).filter((method) => methods.includes(method)),
    ...(codecs.includes('h264_nvmpi') ? (['jetson-nvmpi'] as const) : []),
    ...(codecs.includes('h264_nvv4l2dec') || codecs.includes('h264_nvv4l2')
      ? (['jetson-nvv4l2'] as const)
      : []),
    ...(methods.includes('rkmpp') || codecs.includes('h264_rkmpp') ? (['rkmpp'] as const) : []),
  ];
}

/** Builds from git have no number and count as new. */
function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  const match = /^n?(\d+)\.(\d+)/.exec(version);
  if (match === null) return false;
  const found = [Number(match[1]), Number(match[2])] as const;
  return found[0] < major || (found[0] === major && found[1] < minor);
}

async function gstreamerFindings(
  program: string,
  needed: boolean,
  environment: Environment,
): Promise<Finding[]> {
  const id = 'gstreamer';
  const remedy =
    'apt-get install gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad';
  const result = await runProgram(program, ['--version'], DEADLINE_MS, environment);
  if (result.outcome !== 'exited' || result.status !== 0) {
    if (needed) return [{ id, status: 'fail', summary: `${program} is not installed`, remedy }];
    return [
      { id, status: 'skip', summary: `${program} is not installed; needed for csi:// and pipelines only` },
    ];
  }
  const version = /version (\S+)/.exec(result.stdout)?.[1] ?? 'unknown';
  const element = await runProgram('gst-inspect-1.0', ['--exists', 'gdppay'], DEADLINE_MS, environment);
  if (element.outcome === 'exited' && element.status === 0) {
    return [{ id, status: 'ok', summary: `${program} ${version}` }];
  }
  return [
    {
      id,
      status: needed ? 'fail' : 'warn',
      summary: `${program} ${version} lacks the element gdppay, which carries the times of frames`,
      remedy: 'apt-get install gstreamer1.0-plugins-bad gstreamer1.0-tools',
    },
  ];
}

async function setprivFindings(environment: Environment): Promise<Finding[]> {
  const id = 'setpriv';
  const result = await runProgram('setpriv', ['--version'], DEADLINE_MS, environment);
  if (result.outcome === 'exited' && result.status === 0) {
    return [{ id, status: 'ok', summary: result.stdout.trim() }];
  }
  return [
    {
      id,
      status: 'warn',
      summary: 'setpriv is not installed: after a SIGKILL of the daemon its child processes may live on',
      remedy: 'apt-get install util-linux',
    },
  ];
}
