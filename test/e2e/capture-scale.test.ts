import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { fitSize, scaleExpression } from '../../src/capture/fit-size.ts';

const run = promisify(execFile);

describe('the size that ffmpeg scales to', () => {
  it.each([
    { source: [768, 432], box: [416, 416] },
    { source: [1920, 1080], box: [640, 640] },
    { source: [1280, 722], box: [333, 417] },
    { source: [321, 241], box: [640, 640] },
    { source: [1000, 16], box: [200, 200] },
    { source: [2592, 1944], box: [416, 416] },
  ] as const)('is the one that is expected: $source in $box', async ({ source, box }) => {
    const size = ([widthPx, heightPx]: readonly [number, number]) => ({ widthPx, heightPx });
    const { width, height } = scaleExpression(size(box));
    const { stderr } = await run('ffmpeg', [
      ...['-nostdin', '-f', 'lavfi', '-i', `color=s=${source.join('x')}`, '-frames:v', '1'],
      ...['-vf', `scale=w='${width}':h='${height}',showinfo`, '-f', 'null', '-'],
    ]);
    const [, w, h] = / s:(\d+)x(\d+) /.exec(stderr)!;
    expect({ widthPx: Number(w), heightPx: Number(h) }).toEqual(fitSize(size(source), size(box)));
  });
});
