import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explain } from '../../src/base/errors.ts';
import { trackDetections } from '../../src/cli/track-detections.ts';

describe('track --detections', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ocellus-track-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const out = () => join(folder, 'out.txt');

  function detections(text: string): string {
    const file = join(folder, 'det.txt');
    writeFileSync(file, text);
    return file;
  }

  async function failure(text: string, fps = 25): Promise<string> {
    const file = detections(text);
    return trackDetections({ detections: file, fps, out: out() }).then(
      () => 'no error',
      (error: unknown) => explain(error).replace(file, 'det.txt'),
    );
  }

  it('writes confirmed tracks as MOTChallenge lines, whatever the order of the input', async () => {
    const lines = [1, 2, 3, 4].map((frame) => `${frame},-1,${100 + frame},50,40,80,0.99,-1,-1,-1`);
    const sorted = await trackDetections({ detections: detections(lines.join('\n')), fps: 2, out: out() });
    expect(sorted).toEqual({ frames: 4, seconds: 2 });
    const text = readFileSync(out(), 'utf8');
    const written = text
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
    expect(written.map(([frame]) => frame)).toEqual(['2', '3', '4']);
    for (const columns of written) {
      expect(columns[1]).toBe('1');
      expect(columns.slice(6)).toEqual(['0.9900', '-1', '-1', '-1']);
      expect(Math.abs(Number(columns[2]) - (100 + Number(columns[0])))).toBeLessThan(1);
      expect(Number(columns[5])).toBeCloseTo(80, 0);
    }
    await trackDetections({ detections: detections(lines.reverse().join('\r\n')), fps: 2, out: out() });
    expect(readFileSync(out(), 'utf8')).toBe(text);
  });

  it('takes an empty file as no frames', async () => {
    const result = await trackDetections({ detections: detections('\n\n'), fps: 25, out: out() });
    expect(result).toEqual({ frames: 0, seconds: 0 });
    expect(readFileSync(out(), 'utf8')).toBe('');
  });

  const hint = 'each line is frame,id,left,top,width,height[,score,...], with frames from 1';
  const good = '1,-1,10,10,20,20,0.9';
  it.each([
    [`${good}\n2,-1,10,10`, 'det.txt:2: 4 columns, at least 6 are needed', 'a line cut short'],
    [`${good}\n\n3,-1,10,ten,20,20,1`, 'det.txt:3: top is "ten", not a number', 'a word; empty lines count'],
    ['1,-1,10,10,,20,1', 'det.txt:1: width is "", not a number', 'an empty cell'],
    [
      '0,-1,10,10,20,20,1',
      'det.txt:1: frame is 0, not a whole number from 1 to 10000000',
      'KITTI counts from 0',
    ],
    [
      '1.5,-1,10,10,20,20,1',
      'det.txt:1: frame is 1.5, not a whole number from 1 to 10000000',
      'half a frame',
    ],
    [
      '1e12,-1,1,1,2,2,1',
      'det.txt:1: frame is 1000000000000, not a whole number from 1 to 10000000',
      'would fill memory',
    ],
    ['1,-1,10,10,20,20,nan', 'det.txt:1: score is "nan", not a number', 'a score that is none'],
    ['1,-1,10,10,20,20,7.5', 'det.txt:1: score is 7.5, not in 0..1', 'a logit'],
  ])('refuses %j: %s (%s)', async (text, message) => {
    const explained = await failure(text);
    expect(explained).toContain(message);
    expect(explained).toMatch(message.includes('0..1') ? 'turn logits into probabilities' : hint);
  });

  it('refuses a frame rate of 0', async () => {
    expect(await failure(good, 0)).toBe('--fps is 0 (give the frame rate of the sequence, such as 25)');
  });

  it('names the file that it cannot read', async () => {
    const missing = join(folder, 'missing.txt');
    await expect(trackDetections({ detections: missing, fps: 25, out: out() })).rejects.toMatchObject({
      code: 'io_failed',
      message: expect.stringContaining(`cannot read ${missing}`),
      hint: 'check the path given as --detections',
    });
  });

  it('names the file that it cannot write', async () => {
    const nowhere = join(folder, 'no', 'such', 'folder.txt');
    await expect(
      trackDetections({ detections: detections(good), fps: 25, out: nowhere }),
    ).rejects.toMatchObject({
      code: 'io_failed',
      message: expect.stringContaining(`cannot write ${nowhere}`),
    });
  });
});
