import type { DomainEvent } from '../../../flow/domain-event.ts';

/** What an event says, for people. */
export function describeEvent(event: DomainEvent): string {
  switch (event.type) {
    case 'object.started':
      return `${event.label} appeared`;
    case 'object.updated':
      return `${event.label}: ${event.stationary ? 'at rest' : 'moving'}, best score ${percent(event.topScore)}`;
    case 'object.ended':
      return `${event.label} ${END_CAUSES[event.cause]}`;
    case 'zone.entered':
      return `${event.label} entered ${event.zone}`;
    case 'zone.left':
      return `${event.label} left ${event.zone}`;
    case 'zone.dwelled':
      return `${event.label} stayed in ${event.zone} for ${duration(event.dwellMs)}`;
    case 'zone.occupied':
      return `${event.zone} holds ${event.count}, more than ${event.moreThan} (${event.rule})`;
    case 'zone.cleared':
      return `${event.zone} holds ${event.count} again (${event.rule})`;
    case 'line.crossed':
      return `${event.label} crossed ${event.line} ${event.direction}`;
    case 'camera.state':
      return `camera is ${event.state}${event.cause === null ? '' : `: ${words(event.cause)}`}`;
  }
}

const END_CAUSES = {
  gone: 'has gone',
  camera_lost: 'was lost with the camera',
  stopped: 'is not watched any more',
  restarted: 'was gone after a restart',
} as const;

/** 0.873 -> `87 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** Names of the API as words: `no_keyframe` -> `no keyframe`. */
export function words(name: string): string {
  return name.replaceAll('_', ' ');
}

/** A length of time in its two greatest units. */
export function duration(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}

/** 1536 -> `1.5 KiB`. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [value, unit] = [count, 0];
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** A time of day to the second, as clocks in the browser's own time zone show it. */
export function clockTime(atMs: number): string {
  return new Date(atMs).toLocaleTimeString(undefined, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
}
