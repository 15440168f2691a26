import type { AppearanceAt } from '../flow/scene-memory.ts';
import type { Track } from '../flow/track.ts';
import { continuationCost, isAnother, isClear, isCut, isOtherComing, strangeness } from './continuity.ts';
import type { Subject } from './subject.ts';

// Objects are known again by their colours where places do not tell.

/** Objects in view are looked at no more often than this. */
const LOOK_MS = 400;

type CarriedBy = (track: Track) => Subject | undefined;

/**
 * Takes the track away from an object that was walking out of the picture when it now comes in, or changes its colours: the tracker
 * knows places only, and one who walks out where another comes in is one box to it.
 */
export function disown(seen: readonly Track[], carriedBy: CarriedBy, monoMs: number, at: AppearanceAt): void {
  for (const track of seen) {
    const object = carriedBy(track);
    const exit = object?.objectId === undefined ? 0 : object.exitSide(monoMs);
    if (object === undefined || exit === 0 || !isClear(track, seen)) continue;
    const turned = object.unseenUpdates > 0 && isAnother(object.last, track.velocityPxPerS, monoMs);
    if (turned || hasOtherColours(object, track, exit, monoMs, at)) object.trackId = 0;
  }
}

function hasOtherColours(
  { last, look }: Subject,
  track: Track,
  exit: -1 | 1,
  monoMs: number,
  at: AppearanceAt,
): boolean {
  if (look === undefined) return false;
  const distance = continuationCost(last, track.boxPx, monoMs) ?? 1;
  const strange = strangeness(look, at(track.boxPx));
  return distance + strange > 1 || isOtherComing(exit, track, strange);
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
