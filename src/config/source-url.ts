import { resolve } from 'node:path';
import { OcellusError } from '../base/errors.ts';
import { redactUrl } from '../base/log.ts';

/** A camera's `source`, taken apart. `url` values may hold a password: never log them, log `describeSource`. */
export type SourceUrl =
  | { readonly kind: 'rtsp'; readonly url: string; readonly secure: boolean }
  | { readonly kind: 'http'; readonly url: string; readonly media: HttpMedia }
  | { readonly kind: 'v4l2'; readonly device: string }
  | { readonly kind: 'csi'; readonly sensorId: number }
  | { readonly kind: 'file'; readonly path: string; readonly loop: boolean; readonly realtime: boolean }
  | { readonly kind: 'sim'; readonly scene: string; readonly params: URLSearchParams };

/**
 * What an HTTP address serves, told from its path:
 * - `file`: a recording, played once at its own speed
 * - `hls`: a playlist, read at its own speed because its segments come in bursts
 * - `stream`: live with timestamps of its own (FLV, MPEG-TS)
 * - `mjpeg`: live without timestamps, which is what everything else is taken for
 */
export type HttpMedia = 'file' | 'hls' | 'stream' | 'mjpeg';

const FORMS =
  'rtsp://, rtsps://, http(s)://, v4l2:/dev/video0, csi://0, file:clip.mp4?loop=1&realtime=1 or sim://scene?seed=7';

/**
 * Takes a camera's `source` apart.
 *
 * @param baseDir directory that relative `file:` paths start from
 * @throws OcellusError `config_invalid`, with the forms that there are; a password is never repeated
 */
export function parseSourceUrl(source: string, baseDir: string): SourceUrl {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(source)?.[1]?.toLowerCase();
  switch (scheme) {
    case 'rtsp':
    case 'rtsps':
      return { kind: 'rtsp', url: networkUrl(source), secure: scheme === 'rtsps' };
    case 'http':
    case 'https': {
      const url = networkUrl(source);
      return { kind: 'http', url, media: httpMedia(new URL(url).pathname) };
    }
    case 'v4l2':
      return { kind: 'v4l2', device: v4l2Device(source) };
    case 'csi':
      return { kind: 'csi', sensorId: csiSensor(source) };
    case 'file':
      return fileSource(source, baseDir);
    case 'sim':
      return simSource(source);
    default:
      throw invalid(`source "${redactUrl(source)}" is of no known kind`, `use ${FORMS}`);
  }
}

/** A source for people and logs, without its password. */
export function describeSource(source: SourceUrl): string {
  switch (source.kind) {
    case 'rtsp':
    case 'http':
      return redactUrl(source.url);
    case 'v4l2':
      return `v4l2:${source.device}`;
    case 'csi':
      return `csi://${source.sensorId}`;
    case 'file':
      return `file:${source.path}`;
    case 'sim':
      return `sim://${source.scene}`;
  }
}

function networkUrl(source: string): string {
  const shown = redactUrl(source);
  let url: URL;
  try {
    url = new URL(source);
  } catch (error) {
    throw invalid(
      `source "${shown}" is not a valid address`,
      'write rtsp://user:password@host:port/path; in the password, "/" is %2F, "#" is %23, "?" is %3F and "@" is %40',
      error,
    );
  }
  if (url.hostname === '') throw invalid(`source "${shown}" names no host`, 'write rtsp://host:port/path');
  if (url.pathname.includes('@') && url.username === '') {
    throw invalid(
      'source has a password with a "/", "?" or "#" that is not encoded',
      'in the password, write "/" as %2F, "#" as %23 and "?" as %3F',
    );
  }
  return url.href;
}

function httpMedia(path: string): HttpMedia {
  if (/\.m3u8$/i.test(path)) return 'hls';
  if (/\.(mp4|m4v|mov|mkv|webm|avi)$/i.test(path)) return 'file';
  if (/\.(flv|ts|m2ts)$/i.test(path)) return 'stream';
  return 'mjpeg';
}

function v4l2Device(source: string): string {
  const device = source.slice('v4l2:'.length);
  if (!/^\/dev\/[^\s?]+$/.test(device)) {
    throw invalid(
      `source "${source}" names no video device`,
      'write v4l2:/dev/video0; `v4l2-ctl --list-devices` lists them',
    );
  }
  return device;
}

function csiSensor(source: string): number {
  const sensor = /^csi:\/\/(\d{1,2})\/?$/.exec(source)?.[1];
  if (sensor === undefined) throw invalid(`source "${source}" names no sensor`, 'write csi://0');
  return Number(sensor);
}

function fileSource(source: string, baseDir: string): SourceUrl {
  const text = source.slice('file:'.length).replace(/^\/\/(?=\/)/, '');
  const question = text.lastIndexOf('?');
  const path = question < 0 ? text : text.slice(0, question);
  if (path === '') throw invalid('source "file:" names no file', 'write file:clip.mp4');
  const params = new URLSearchParams(question < 0 ? '' : text.slice(question + 1));
  for (const name of params.keys()) {
    if (name !== 'loop' && name !== 'realtime') {
      throw invalid(
        `source "${source}" has an unknown option "${name}"`,
        'the options are loop=1 and realtime=1',
      );
    }
  }
  return {
    kind: 'file',
    path: resolve(baseDir, path),
    loop: flag(source, params, 'loop'),
    realtime: flag(source, params, 'realtime'),
  };
}

function flag(source: string, params: URLSearchParams, name: string): boolean {
  const value = params.get(name) ?? '0';
  if (value !== '0' && value !== '1') {
    throw invalid(`source "${source}" has ${name}=${value}`, `write ${name}=1 or ${name}=0`);
  }
  return value === '1';
}

function simSource(source: string): SourceUrl {
  const url = URL.canParse(source) ? new URL(source) : undefined;
  if (url === undefined || url.hostname === '') {
    throw invalid(`source "${source}" names no scene`, 'write sim://scene?seed=7');
  }
  return { kind: 'sim', scene: url.hostname, params: url.searchParams };
}

function invalid(message: string, hint: string, cause?: unknown): OcellusError {
  return new OcellusError('config_invalid', message, { hint, cause });
}
