import { expect, it } from 'vitest';
import { FrigateCounts } from '../../../src/mqtt/frigate/frigate-counts.ts';

const zone = (cameraId: string, label: string) =>
  ({ kind: 'zone-count', cameraId, zone: 'drive', label }) as const;

it('sums a zone over its cameras, and a place over its labels', () => {
  const counts = new FrigateCounts();
  counts.take(zone('front', 'person'), '2');
  counts.take(zone('back', 'car'), '1');
  expect(counts.take(zone('back', 'person'), '3')).toEqual([
    ['drive/person', '5'],
    ['drive/all', '6'],
  ]);
});

it('keeps cameras apart', () => {
  const counts = new FrigateCounts();
  counts.take({ kind: 'count', cameraId: 'front', label: 'person' }, '2');
  expect(counts.take({ kind: 'count', cameraId: 'back', label: 'person' }, '1')).toEqual([
    ['back/person', '1'],
    ['back/all', '1'],
  ]);
});

it('clears what is no longer counted', () => {
  const counts = new FrigateCounts();
  expect(counts.take(zone('front', 'person'), '')).toEqual([
    ['drive/person', ''],
    ['drive/all', ''],
  ]);
});
