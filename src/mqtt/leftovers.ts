import type { Config } from '../config/schema.ts';
import { level, type Topics } from './topics.ts';

/**
 * What a retained topic that an earlier run left behind should hold now: `0` for a count that still makes sense, empty
 * (cleared) for anything of a camera, zone or label that is not configured any more; undefined to leave it alone.
 */
export function leftoverCorrection(
  topics: Topics,
  cameras: Config['cameras'],
  topic: string,
): '' | '0' | undefined {
  const parsed = topics.parseRetained(topic);
  if (parsed === undefined) return undefined;
  const camera = Object.hasOwn(cameras, parsed.cameraId) ? cameras[parsed.cameraId] : undefined;
  if (camera === undefined) return '';
  if (parsed.kind === 'camera' || parsed.kind === 'snapshot' || parsed.kind === 'crop') return undefined;
  const includes = (labels: readonly string[]) => labels.some((label) => level(label) === parsed.label);
  const reported = Object.keys(camera.objects);
  if (reported.length > 0 && !includes(reported)) return '';
  if (parsed.kind === 'count') return '0';
  const zone = Object.hasOwn(camera.zones, parsed.zone) ? camera.zones[parsed.zone] : undefined;
  if (zone === undefined) return '';
  return zone.objects === undefined || includes(zone.objects) ? '0' : '';
}
