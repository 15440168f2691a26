import { describe, expect, test } from 'vitest';
import type { DomainEvent } from '../../../../src/flow/domain-event.ts';
import { filterOf, matches, queryOf } from '../../../../src/preview/page/state/event-filter.ts';
import { timelineOf } from '../../../../src/preview/page/state/visits.ts';
import { drafts } from '../../../fixtures/domain-events.ts';

let seq = 0;
const sealed = (draft: ReturnType<(typeof drafts)['started']>): DomainEvent => {
  seq += 1;
  return { ...draft, v: 1, seq, eventId: `event-${seq}`, deviceId: 'porch', replayed: false } as DomainEvent;
};
const newestFirst = (...list: Parameters<typeof sealed>[0][]) => list.map(sealed).reverse();

describe('the timeline', () => {
  test('has one entry for a visit, where its newest event is', () => {
    const entries = timelineOf(
      newestFirst(
        drafts.started('a'),
        drafts.started('b'),
        drafts.cameraState(),
        drafts.entered('a', 'drive'),
      ),
    );
    expect(entries.map(({ kind, key }) => (kind === 'visit' ? key : kind))).toEqual(['a', 'other', 'b']);
  });

  test('a visit tells where the object was and whether it is still there', () => {
    const [there] = timelineOf(newestFirst(drafts.started('a'), drafts.entered('a', 'drive')));
    expect(there).toMatchObject({ visit: { zones: ['drive'], endedAtMs: null, label: 'person' } });
    const [gone] = timelineOf(newestFirst(drafts.started('a'), drafts.ended('a')));
    expect(gone).toMatchObject({ visit: { endedAtMs: expect.any(Number) } });
  });
});

describe('a filter', () => {
  const event = sealed(drafts.entered('a', 'drive'));

  test.each([
    [{}, true],
    [{ camera: 'front' }, true],
    [{ camera: 'back' }, false],
    [{ label: 'person', zone: 'drive', type: 'zone.entered' }, true],
    [{ label: 'car' }, false],
    [{ zone: 'lawn' }, false],
    [{ severity: 'alert' }, false],
    [{ fromMs: event.atMs, toMs: event.atMs }, true],
    [{ toMs: event.atMs - 1 }, false],
    [{ text: 'DRIVE' }, true],
    [{ text: 'nothing' }, false],
  ])('%j: %s', (filter, wanted) => {
    expect(matches(event, filter)).toBe(wanted);
  });

  test('is the same after it has been in the address', () => {
    const filter = { camera: 'front', text: 'a b', fromMs: 5 };
    expect(filterOf(queryOf(filter))).toEqual(filter);
  });
});
