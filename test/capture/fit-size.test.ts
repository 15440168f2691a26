import { describe, expect, it } from 'vitest';
import { fitSize } from '../../src/capture/fit-size.ts';

describe('fitSize', () => {
  it.each([
    { reason: 'the aspect is kept', source: [1920, 1080], box: [640, 640], is: [640, 360] },
    { reason: '416 does not become 414 by rounding', source: [768, 432], box: [416, 416], is: [416, 234] },
    { reason: 'the height limits', source: [1080, 1920], box: [640, 640], is: [360, 640] },
    { reason: 'a small picture is not enlarged', source: [320, 240], box: [640, 640], is: [320, 240] },
    { reason: 'an odd size is rounded down', source: [321, 241], box: [640, 640], is: [320, 240] },
    { reason: 'an odd box is not exceeded', source: [1000, 1000], box: [333, 333], is: [332, 332] },
    { reason: 'a strip stays a picture', source: [4000, 10], box: [400, 400], is: [400, 2] },
  ] as const)('$source in $box: $reason', ({ source, box, is }) => {
    const size = ([widthPx, heightPx]: readonly [number, number]) => ({ widthPx, heightPx });
    expect(fitSize(size(source), size(box))).toEqual(size(is));
  });
});
