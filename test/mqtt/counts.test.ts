import { expect, test } from 'vitest';
import { CountTopics } from '../../src/mqtt/counts.ts';
import { Topics } from '../../src/mqtt/topics.ts';

const counts = (zones: Record<string, number>) => ({
  byLabel: new Map([['person', 2]]),
  byZone: new Map(Object.entries(zones).map(([zone, count]) => [zone, new Map([['person', count]])])),
});

test('a zone that is taken out has its topics cleared, once', () => {
  const topics = new CountTopics(new Topics('porch'));
  const whole = 'ocellus/porch/cameras/front/counts/person';
  const zone = (name: string) => `ocellus/porch/cameras/front/zones/${name}/counts/person`;
  expect(topics.of('front', counts({ drive: 1, lawn: 0 }))).toEqual([
    [whole, '2'],
    [zone('drive'), '1'],
    [zone('lawn'), '0'],
  ]);
  expect(topics.of('yard', counts({}))).toHaveLength(1);
  expect(topics.of('front', counts({ lawn: 1 }))).toEqual([
    [whole, '2'],
    [zone('lawn'), '1'],
    [zone('drive'), ''],
  ]);
  expect(topics.of('front', counts({ lawn: 1 }))).toHaveLength(2);
});
