import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { CameraConfig } from '../../config/camera-schema.ts';
import type { Config } from '../../config/schema.ts';
import { sourceFile } from '../../config/source.ts';
import type { Finding } from './finding.ts';
import { diagnose, tryTcp } from './net-error.ts';

const CONNECT_DEADLINE_MS = 4_000;
const PORTS: Readonly<Record<string, number>> = { 'rtsp:': 554, 'rtsps:': 322, 'http:': 80, 'https:': 443 };

/** Whether each camera can be reached. Nothing is decoded. */
export function cameraFindings(config: Config): Promise<Finding[]> {
  return Promise.all(Object.entries(config.cameras).map(([name, camera]) => cameraFinding(name, camera)));
}

async function cameraFinding(name: string, camera: CameraConfig): Promise<Finding> {
  const id = `camera:${name}`;
  if (!camera.enabled) return { id, status: 'skip', summary: 'disabled in the configuration' };
  const scheme = /^[a-z0-9]+:/i.exec(camera.source)?.[0].toLowerCase() ?? '';
  const port = PORTS[scheme];
  if (port !== undefined) return networkCamera(id, camera.source, port);
  if (scheme === 'v4l2:') return deviceCamera(id, camera.source.slice('v4l2:'.length));
  // The file was opened when the configuration was read.
  if (scheme === 'file:') return { id, status: 'ok', summary: `${sourceFile(camera.source)} is there` };
  if (scheme === 'sim:') return { id, status: 'ok', summary: 'simulated' };
  return { id, status: 'skip', summary: `${scheme} cannot be tried without taking the camera` };
}

async function networkCamera(id: string, source: string, defaultPort: number): Promise<Finding> {
  const url = new URL(source);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? defaultPort : Number(url.port);
  try {
    await tryTcp(host, port, CONNECT_DEADLINE_MS);
    return { id, status: 'ok', summary: `${host}:${port} answers` };
  } catch (error) {
    return { id, status: 'fail', ...diagnose(`${host}:${port}`, error) };
  }
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
