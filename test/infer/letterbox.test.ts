import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { letterbox, letterboxFrame, toSourceBox } from '../../src/infer/letterbox.ts';

const square = { widthPx: 416, heightPx: 416 };

test.each([
  ['a wide picture has margins above and below', [768, 432], 'centre', [416, 234], [0, 91]],
  ['a tall one left and right', [432, 768], 'centre', [234, 416], [91, 0]],
  ['an odd margin is smaller before than after', [640, 427], 'centre', [416, 278], [0, 69]],
  ['YOLOX cuts where Ultralytics rounds', [640, 427], 'top-left', [416, 277], [0, 0]],
  ['a small picture is enlarged', [320, 240], 'top-left', [416, 312], [0, 0]],
  ['stretched to the whole input', [640, 320], 'stretch', [416, 416], [0, 0]],
  ['the same proportions need no margin', [832, 832], 'centre', [416, 416], [0, 0]],
] as const)('%s', (_, [widthPx, heightPx], placement, fitted, corner) => {
  const box = letterbox({ widthPx, heightPx }, square, placement);
  expect([box.fitted.widthPx, box.fitted.heightPx]).toEqual(fitted);
  expect([box.left, box.top]).toEqual(corner);
});

it('gives boxes back in source pixels, clamped to the picture', () => {
  const box = letterbox({ widthPx: 832, heightPx: 416 }, square, 'centre');
  expect(toSourceBox(box, 100, 154, 200, 204)).toEqual([200, 100, 400, 200]);
  expect(toSourceBox(box, -5, 0, 500, 416)).toEqual([0, 0, 832, 416]);
});

it('gives boxes of a stretched picture back in its own proportions', () => {
  const box = letterbox({ widthPx: 832, heightPx: 208 }, square, 'stretch');
  expect(toSourceBox(box, 104, 104, 208, 416)).toEqual([208, 52, 416, 208]);
});

it('undoes itself for any picture', () => {
  const side = fc.integer({ min: 16, max: 4000 });
  fc.assert(
    fc.property(
      side,
      side,
      fc.constantFrom('centre' as const, 'top-left' as const),
      (widthPx, heightPx, placement) => {
        const box = letterbox({ widthPx, heightPx }, square, placement);
        const { left, top, fitted } = box;
        expect(left + fitted.widthPx).toBeLessThanOrEqual(416);
        expect(top + fitted.heightPx).toBeLessThanOrEqual(416);
        const whole = toSourceBox(box, left, top, left + fitted.widthPx, top + fitted.heightPx);
        expect(whole).toEqual([0, 0, widthPx, heightPx]);
      },
    ),
  );
});

test.each([
  ['has the fitted size', 416, 234, [416, 234]],
  ['was rounded to an even size', 416, 232, [416, 232]],
  ['was not enlarged', 320, 180, [416, 234]],
  ['is larger than the input', 768, 432, [416, 234]],
])('a frame that %s', (_, widthPx, heightPx, fitted) => {
  const frame = { widthPx, heightPx, source: { widthPx: 1920, heightPx: 1080 } };
  const box = letterboxFrame(frame, square, 'centre');
  expect([box.fitted.widthPx, box.fitted.heightPx]).toEqual(fitted);
  expect(box.source).toEqual(frame.source);
});
