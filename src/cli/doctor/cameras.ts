import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import type { CameraConfig } from '../../config/camera-schema.ts';
import type { Config } from '../../config/schema.ts';
import { sourceFile } from '../../config/source.ts';
import type { Environment } from '../../device/machine-record.ts';
import { clockFinding, serverDateMs } from './camera-clock.ts';
import { streamFindings } from './camera-stream.ts';
import type { Finding } from './finding.ts';
import { diagnose, tryTcp } from './net-error.ts';

const CONNECT_DEADLINE_MS = 4_000;
const PORTS: Readonly<Record<string, number>> = { 'rtsp:': 554, 'rtsps:': 322, 'http:': 80, 'https:': 443 };

/** Cameras that are watched at once: the streams share the network. */
const AT_ONCE = 4;
/** Longest that one camera takes: connecting, its clock, its stream. */
const ONE_CAMERA_MS = 40_000;

/** How long `cameraFindings` may take. */
export function camerasDeadlineMs(config: Config): number {
  return Math.max(1, Math.ceil(Object.keys(config.cameras).length / AT_ONCE)) * ONE_CAMERA_MS;
}

/** Whether each camera can be reached, and what its stream is like. Nothing is decoded. */
export async function cameraFindings(
  config: Config,
  environment: Environment,
  clock: Clock,
): Promise<Finding[]> {
  const waiting = Object.entries(config.cameras).entries();
  const found: Finding[][] = [];
  // Each worker takes the next that waits.
  const work = async () => {
    for (const [i, [name, camera]] of waiting) found[i] = await findingsOf(name, camera, environment, clock);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found.flat();
}

async function findingsOf(
  name: string,
  camera: CameraConfig,
  environment: Environment,
  clock: Clock,
): Promise<Finding[]> {
  const id = `camera:${name}`;
  if (!camera.enabled) return [{ id, status: 'skip', summary: 'disabled in the configuration' }];
  const scheme = /^[a-z0-9]+:/i.exec(camera.source)?.[0].toLowerCase() ?? '';
  const port = PORTS[scheme];
  if (port !== undefined) return networkCamera(id, camera, port, environment, clock);
  if (scheme === 'v4l2:') return [await deviceCamera(id, camera.source.slice('v4l2:'.length))];
  // The file was opened when the configuration was read.
  if (scheme === 'file:') return [{ id, status: 'ok', summary: `${sourceFile(camera.source)} is there` }];
  if (scheme === 'sim:') return [{ id, status: 'ok', summary: 'simulated' }];
  return [{ id, status: 'skip', summary: `${scheme} cannot be tried without taking the camera` }];
}

async function networkCamera(
  id: string,
  camera: CameraConfig,
  defaultPort: number,
  environment: Environment,
  clock: Clock,
): Promise<Finding[]> {
  const url = new URL(camera.source);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? defaultPort : Number(url.port);
  try {
    await tryTcp(host, port, CONNECT_DEADLINE_MS);
  } catch (error) {
    return [{ id, status: 'fail', ...diagnose(`${host}:${port}`, error) }];
  }
  // With TLS the date is inside, which is not worth a handshake of our own.
  const plain = url.protocol === 'rtsp:' ? 'rtsp' : url.protocol === 'http:' ? 'http' : undefined;
  const dateMs = plain === undefined ? null : await serverDateMs(plain, host, port);
  return [
    { id, status: 'ok', summary: `${host}:${port} answers` },
    ...clockFinding(id, dateMs, clock.wallMs()),
    ...(await streamFindings(id, camera, environment)),
  ];
}

async function deviceCamera(id: string, device: string): Promise<Finding> {
  try {
    await access(device, constants.R_OK | constants.W_OK);
    return { id, status: 'ok', summary: `${device} may be opened` };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? {
          id,
          status: 'fail',
          summary: `there is no ${device}`,
          remedy: 'plug the camera in; "ls /dev/video*" lists what is there',
        }
      : {
          id,
          status: 'fail',
          summary: `${device} may not be opened`,
          remedy: 'add the user to the group "video"',
        };
  }
}
