import { expect, it } from 'vitest';
import { Silence } from '../../../src/preview/live/silence.ts';

it.each<[what: string, looks: (number | undefined)[], gone: boolean[]]>([
  ['talks', [0, 10, 20, 30], [false, false, false, false]],
  ['falls silent', [10, 20, 20, 20, 20], [false, false, false, false, true]],
  ['talks again in time', [10, 10, 10, 11, 11], [false, false, false, false, false]],
  ['never says anything', [0, 0, 0, 0], [false, false, false, true]],
  ['cannot be asked', [undefined, undefined, undefined], [false, false, true]],
  ['can be asked no more', [10, undefined, undefined, undefined], [false, false, false, true]],
  [
    'can be asked now and then, and has nothing new',
    [10, undefined, 10, undefined],
    [false, false, false, true],
  ],
  ['has a counter that begins anew', [100, 5, 5, 5], [false, false, false, true]],
])('a viewer that %s', (_, looks, gone) => {
  const silence = new Silence(3);
  expect(looks.map((bytes) => silence.look(bytes))).toEqual(gone);
});
