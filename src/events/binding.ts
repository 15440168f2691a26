import type { Appearance, AppearanceAt } from '../flow/scene-memory.ts';
import type { Track } from '../flow/track.ts';
import {
  continuationCost,
  covers,
  EXPECTED,
  isAnother,
  strangeness,
  TURNED_STRANGENESS,
  walksApart,
} from './continuity.ts';
import type { Recognition } from './recognition.ts';
import { centrePx } from './sighting.ts';
import type { Subject } from './subject.ts';

/** A track that could carry on a subject whose own track is not seen. */
interface Match {
  readonly track: Track;
  readonly subject: Subject;
  readonly cost: number;
}

/**
 * Which of `tracks` (seen in this frame) carry on which of `subjects` (not seen in it): same label, within reach in place,
 * time, size and colours, nearest first, one to one.
 *
 * @param at how a box looks in this frame
 * @param rival the candidate that a track carries already, if any: one that was seen together with the subject is another
 *   object, unless the boxes lie within each other
 * @param recognition has the last word where it knows both by their looks
 */
export function bind(
  tracks: readonly Track[],
  subjects: readonly Subject[],
  monoMs: number,
  at: AppearanceAt,
  rival: (track: Track) => Subject | undefined,
  recognition: Recognition,
): ReadonlyMap<Subject, Track> {
  const matches: Match[] = [];
  const looks = new Map<Track, Appearance | undefined>();
  const lookOf = (track: Track) => {
    if (!looks.has(track)) looks.set(track, at(track.boxPx));
    return looks.get(track);
  };
  for (const subject of subjects) {
    for (const track of tracks) {
      if (track.label !== subject.label) continue;
      const distance = continuationCost(subject.last, track.boxPx, monoMs);
      if (distance === undefined || isAnother(subject.last, track.velocityPxPerS, monoMs)) continue;
      const other = rival(track);
      const verdict = recognition.judge(subject, other, track.label, monoMs);
      if (verdict === 'other' || verdict === 'later') continue;
      const together = other !== undefined && other.first.monoMs <= subject.last.monoMs;
      if (together && !covers(subject.last.boxPx, track.boxPx)) continue;
      const strange =
        subject.look === undefined || verdict === 'same' ? 0 : strangeness(subject.look, lookOf(track));
      const cost = distance + strange;
      const inwardPx =
        subject.exitSide(monoMs) * (centrePx(subject.last.boxPx)[0] - centrePx(track.boxPx)[0]);
      const turned = inwardPx > 0 && strange > TURNED_STRANGENESS;
      if (turned || (distance >= EXPECTED && cost > 1)) continue;
      matches.push({ track, subject, cost });
    }
  }
  matches.sort((a, b) => a.cost - b.cost || a.track.trackId - b.track.trackId);
  const bound = new Map<Subject, Track>();
  const taken = new Set<Track>();
  for (const { track, subject } of matches) {
    if (taken.has(track) || bound.has(subject)) continue;
    bound.set(subject, track);
    taken.add(track);
  }
  return bound;
}

/** True when a candidate lies within an object of its label, or the other way round, and goes along: it may be a second view of it. */
export function isCovered(candidate: Subject, objects: readonly Subject[]): boolean {
  return objects.some(
    ({ label, last }) =>
      label === candidate.label &&
      covers(last.boxPx, candidate.last.boxPx) &&
      !walksApart(last, candidate.last),
  );
}

/** Whether one of `tracks` carries the subject. */
export function carries(tracks: readonly Track[], { trackId }: Subject): boolean {
  for (const track of tracks) if (track.trackId === trackId) return true;
  return false;
}
