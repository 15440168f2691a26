import { expect, test } from 'vitest';
import { takeStream } from '../../../../src/preview/page/live/connections.ts';

test('four streams at most stay open, and a place that was given back twice is one place', () => {
  const places = [takeStream(), takeStream(), takeStream(), takeStream()];
  expect(places).not.toContain(undefined);
  expect(takeStream()).toBeUndefined();
  places[0]!();
  places[0]!();
  const again = takeStream();
  expect(again).toBeDefined();
  expect(takeStream()).toBeUndefined();
  for (const give of [...places, again]) give!();
});
