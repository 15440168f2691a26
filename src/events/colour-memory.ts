import type { AppearanceAt } from '../flow/scene-memory.ts';
import type { Track } from '../flow/track.ts';
import { continuationCost, EXPECTED, isClear, isCut, isOtherComing, strangeness } from './continuity.ts';
import type { Subject } from './subject.ts';

// Objects are known again by their colours where places do not tell.

/** Objects in view are looked at no more often than this. */
const LOOK_MS = 400;

type CarriedBy = (track: Track) => Subject | undefined;

/**
 * Takes a track away from an object that would jump with it and change its colours: the tracker knows places only, and one
 * who walks out of the picture where another comes in is one box to it.
 */
export function disown(seen: readonly Track[], carriedBy: CarriedBy, monoMs: number, at: AppearanceAt): void {
  for (const track of seen) {
    const object = carriedBy(track);
    if (object?.objectId === undefined || object.look === undefined) continue;
    const distance = continuationCost(object.last, track.boxPx, monoMs) ?? 1;
    const exit = object.exitSide(monoMs);
    if ((exit === 0 && distance < EXPECTED) || !isClear(track, seen)) continue;
    const strange = strangeness(object.look, at(track.boxPx));
    if (distance + strange > 1 || isOtherComing(exit, track, strange)) object.trackId = 0;
  }
}

/** Looks at the objects in view now and then, to know them again; not while a part may be hidden. */
export function remember(
  seen: readonly Track[],
  carriedBy: CarriedBy,
  monoMs: number,
  at: AppearanceAt,
): void {
  for (const track of seen) {
    const object = carriedBy(track);
    if (object?.objectId === undefined || monoMs - object.lookedMonoMs < LOOK_MS) continue;
    if (object.exitSide(monoMs) !== 0 || isCut(track.boxPx, object.last.frame.source)) continue;
    if (!isClear(track, seen)) continue;
    object.look = at(track.boxPx) ?? object.look;
    object.lookedMonoMs = monoMs;
  }
}
