import type { CameraConfig } from '../config/camera-schema.ts';
import type { EventDraft } from '../flow/domain-event.ts';
import { type CameraRulesOptions, placesFor } from './camera-rules-options.ts';
import type { ObjectDrafts } from './object-drafts.ts';
import type { ObjectFilters } from './object-filter.ts';
import type { OccupancyWatch } from './occupancy-watch.ts';
import type { Presence } from './presence.ts';
import type { Subject } from './subject.ts';
import type { Untold } from './untold.ts';

/** What an operator may change while the camera is watched. */
export type RuleSet = Pick<CameraConfig, 'objects' | 'zones' | 'lines'>;

interface RuleParts {
  readonly filters: ObjectFilters;
  readonly presence: Presence;
  readonly occupancy: OccupancyWatch;
  readonly drafts: ObjectDrafts;
  readonly untold: Untold;
}

/**
 * Has everything go by other rules. An object goes on; zones that are gone, or are others now, have lost it, and a label
 * that is no longer reported ends its objects.
 * @returns what is to be told, and the subjects that are over
 */
export function changeRules(
  options: CameraRulesOptions,
  subjects: readonly Subject[],
  { filters, presence, occupancy, drafts, untold }: RuleParts,
): { told: EventDraft[]; over: Subject[] } {
  const told = occupancy.apply(options.zones);
  const before = drafts.rules;
  filters.apply(options.objects);
  presence.apply(options.objects, options.zones);
  const over = subjects.filter(({ label }) => !filters.reports(label));
  for (const subject of over)
    if (subject.objectId !== undefined) told.push(...drafts.ended(subject, 'stopped'));
  for (const subject of subjects.filter((other) => !over.includes(other))) {
    const [was, is] = [placesFor(subject.label, before), placesFor(subject.label, options)];
    const changed = { zones: differing(was.zones, is.zones), lines: differing(was.lines, is.lines) };
    const left = subject.zones.filter((zone) => changed.zones.includes(zone));
    subject.move(filters.of(subject.label), is, changed);
    untold.forgetPlaces(subject, changed);
    if (subject.objectId !== undefined) told.push(...drafts.left(subject, left));
  }
  drafts.apply(options);
  return { told, over };
}

function differing<P>(was: ReadonlyMap<string, P>, is: ReadonlyMap<string, P>): string[] {
  return [...was]
    .filter(([name, place]) => JSON.stringify(is.get(name)) !== JSON.stringify(place))
    .map(([name]) => name);
}
