import { stringify } from 'yaml';
import type { Clock } from '../../../base/clock.ts';
import { explain } from '../../../base/errors.ts';
import { type CameraProfile, type Credentials, OnvifCamera } from './camera.ts';
import { discover, type FoundDevice } from './discovery.ts';

const WAIT_MS = 4_000;

export interface ListedCamera extends FoundDevice {
  /** Undefined without credentials, or where the camera refused. */
  readonly profiles?: readonly CameraProfile[];
  readonly clockOffsetMs?: number;
  readonly problem?: string;
}

/** Cameras of this network; with credentials also what each offers. */
export async function listCameras(
  clock: Clock,
  credentials: Credentials | undefined,
  target?: { readonly address: string; readonly port: number },
  waitMs = WAIT_MS,
): Promise<ListedCamera[]> {
  const devices = await discover(clock, waitMs, target);
  return Promise.all(
    devices.map(async (device): Promise<ListedCamera> => {
      if (credentials === undefined) return device;
      const camera = new OnvifCamera(device, credentials, clock);
      try {
        return { ...device, profiles: await camera.profiles(), clockOffsetMs: camera.offsetMs };
      } catch (error) {
        return { ...device, problem: explain(error) };
      }
    }),
  );
}

/** What was found, and a `cameras` section to start from, for people. @param username that was given */
export function formatCameras(cameras: readonly ListedCamera[], username: string | undefined): string {
  if (cameras.length === 0) {
    return 'no camera answered. Is it in this network, and ONVIF switched on in it? Multicast does not pass routers and many Wi-Fi bridges: name its address.\n';
  }
  const lines = cameras.flatMap(({ address, url, name, model, profiles, clockOffsetMs, problem }) => [
    `${address}  ${name ?? 'unnamed'}${model === null ? '' : ` (${model})`}  ${url}`,
    ...(clockOffsetMs !== undefined && Math.abs(clockOffsetMs) > 2_000
      ? [
          `  its clock is ${Math.round(clockOffsetMs / 1000)} s ahead of this device: let it get its time by NTP`,
        ]
      : []),
    ...(problem === undefined ? [] : [`  ${problem}`]),
    ...(profiles ?? []).map((profile) => `  ${describe(profile)}`),
  ]);
  const hint =
    username === undefined
      ? '\nFor streams: --user NAME, with the password in OCELLUS_ONVIF_PASSWORD\n'
      : snippet(cameras, username);
  return `${lines.join('\n')}\n${hint}`;
}

function describe({ name, codec, widthPx, heightPx, fps, keyframeInterval, url }: CameraProfile): string {
  const parts = [
    codec ?? 'unknown codec',
    `${widthPx ?? '?'}x${heightPx ?? '?'}`,
    `${fps ?? '?'} fps`,
    ...(keyframeInterval === null ? [] : [`keyframe every ${keyframeInterval}`]),
  ];
  return `${name}: ${parts.join(', ')}  ${url}`;
}

/** Detection wants the smallest stream that is still larger than what the model sees. */
const ENOUGH_WIDTH_PX = 640;

function snippet(cameras: readonly ListedCamera[], username: string): string {
  const section: Record<string, { source: string }> = {};
  for (const { profiles, address, name } of cameras) {
    const chosen = forDetection(profiles ?? []);
    if (chosen === undefined) continue;
    const base =
      (name ?? `camera-${address}`)
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-+|-+$/g, '') || 'camera';
    const id = base in section ? `${base}-${address.replace(/\D+/g, '-')}` : base;
    section[id] = { source: chosen.url.replace('://', `://${encodeURIComponent(username)}:\${env:CAM_PW}@`) };
  }
  if (Object.keys(section).length === 0) return '';
  return `\n# for the configuration; the password comes from the environment variable CAM_PW\n${stringify({ cameras: section }, { lineWidth: 0 })}`;
}

function forDetection(profiles: readonly CameraProfile[]): CameraProfile | undefined {
  const bySize = [...profiles].sort((a, b) => (a.widthPx ?? 0) - (b.widthPx ?? 0));
  return bySize.find(({ widthPx }) => (widthPx ?? 0) >= ENOUGH_WIDTH_PX) ?? bySize.at(-1);
}
