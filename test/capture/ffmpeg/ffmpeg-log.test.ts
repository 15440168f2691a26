import { describe, expect, it } from 'vitest';
import { FfmpegLog, type PictureInfo } from '../../../src/capture/ffmpeg/ffmpeg-log.ts';

function read(lines: readonly string[]): { log: FfmpegLog; pictures: PictureInfo[]; lost: number } {
  const pictures: PictureInfo[] = [];
  const result = { pictures, lost: 0 };
  const log = new FfmpegLog({
    picture: (info) => pictures.push(info),
    lostPicture: () => {
      result.lost += 1;
    },
  });
  for (const line of lines) log.line(line);
  return Object.assign(result, { log });
}

const INFO = '[Parsed_showinfo_1 @ 0x5651f8d18680] [info] ';

describe('FfmpegLog', () => {
  it.each([
    {
      from: '5.1',
      line: 'n:   1 pts:  20000 pts_time:0.1     pos:    40503 fmt:yuv420p sar:0/1 s:768x432 i:P iskey:0 type:B ',
      ptsMs: 100,
    },
    {
      from: '7.1',
      line: 'n:   1 pts:  20000 pts_time:0.1     duration:  20000 duration_time:0.1     fmt:yuv420p cl:left sar:0/1 s:768x432 i:P iskey:0 type:B ',
      ptsMs: 100,
    },
    {
      from: '5.1, times before the first',
      line: 'n:   1 pts: -27000 pts_time:-0.3    pos:       -1 fmt:yuv420p sar:0/1 s:768x432 i:P iskey:0 type:B ',
      ptsMs: -300,
    },
    {
      from: '5.1, no time',
      line: 'n:   0 pts: NOPTS pts_time:NOPTS   pos:       -1 fmt:yuvj420p sar:1/1 s:768x432 i:P iskey:1 type:I ',
      ptsMs: Number.NaN,
    },
  ])('reads the picture of ffmpeg $from', ({ line, ptsMs }) => {
    const { pictures } = read([
      INFO + line,
      `${INFO}color_range:tv color_space:bt709 color_primaries:bt709 color_trc:bt709`,
    ]);
    expect(pictures).toEqual([
      { ptsMs, source: { widthPx: 768, heightPx: 432 }, colour: { matrix: 'bt709', range: 'limited' } },
    ]);
  });

  it('has exact times of a connection that is days old, which ffmpeg rounds to six digits', () => {
    const { pictures } = read([
      `${INFO}config in time_base: 1/90000, frame_rate: 25/1`,
      `${INFO}config out time_base: 0/0, frame_rate: 0/0`,
      `${INFO}n:   1 pts:22500003600 pts_time:250000 pos: 2 fmt:yuv420p sar:1/1 s:320x180 i:P iskey:0 type:B `,
      `${INFO}n:   2 pts: NOPTS pts_time:NOPTS pos: 2 fmt:yuv420p sar:1/1 s:320x180 i:P iskey:0 type:B `,
      `${INFO}color_range:tv color_space:unknown color_primaries:unknown color_trc:unknown`,
    ]);
    expect(pictures.map(({ ptsMs }) => ptsMs)).toEqual([250_000_040, Number.NaN]);
  });

  it('keeps pictures in order past side data and other talk', () => {
    const { pictures } = read([
      `${INFO}n:   0 pts:      0 pts_time:0       pos: 1 fmt:yuv420p sar:1/1 s:640x360 i:P iskey:1 type:I `,
      `${INFO}  side data - User Data Unregistered:`,
      `${INFO}UUID=dc45e9bd-e6d9-48b7-962c-d820d923eeef`,
      `${INFO}color_range:tv color_space:unknown color_primaries:unknown color_trc:unknown`,
      "[info] Output #0, rawvideo, to 'pipe:1':",
      `${INFO}n:   1 pts:   3016 pts_time:0.0335111 pos: 2 fmt:yuv420p sar:1/1 s:320x180 i:P iskey:0 type:B `,
      `${INFO}color_range:tv color_space:unknown color_primaries:unknown color_trc:unknown`,
    ]);
    expect(pictures.map(({ ptsMs, source }) => [ptsMs, source.widthPx])).toEqual([
      [0, 640],
      [33.5111, 320],
    ]);
  });

  it.each([
    { reason: 'as stated', space: 'smpte170m', size: '1920x1080', matrix: 'bt601' },
    { reason: 'as stated', space: 'bt709', size: '320x240', matrix: 'bt709' },
    { reason: 'UHD is nearest to BT.709', space: 'bt2020nc', size: '3840x2160', matrix: 'bt709' },
    { reason: 'HD by its size', space: 'unknown', size: '1280x720', matrix: 'bt709' },
    { reason: 'SD by its size', space: 'unknown', size: '768x576', matrix: 'bt601' },
    { reason: 'RGB becomes BT.601 in the scaler', space: 'gbr', size: '1920x1080', matrix: 'bt601' },
  ])('$space $size is $matrix: $reason', ({ space, size, matrix }) => {
    const { pictures } = read([
      `${INFO}n:   0 pts: 0 pts_time:0 pos: 1 fmt:yuv420p sar:1/1 s:${size} i:P iskey:1 type:I `,
      `${INFO}color_range:pc color_space:${space} color_primaries:unknown color_trc:unknown`,
    ]);
    expect(pictures[0]?.colour).toEqual({ matrix, range: 'limited' });
  });

  it('names the codec without the tag of the container', () => {
    const { log } = read([
      "[info] Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'a.mp4':",
      '[info]   Stream #0:0[0x1](eng): Video: h264 (Main) (avc1 / 0x31637661), yuv420p(tv, smpte170m), 768x432, 10 fps',
      '[info]   Stream #0:0(eng): Video: rawvideo (I420 / 0x30323449), yuv420p(tv), 416x234',
    ]);
    expect(log.codec).toBe('h264 (Main)');
    expect(log.inputOpen).toBe(true);
  });

  it('counts lost pictures and keeps the newest problems, without passwords', () => {
    const { log, lost } = read([
      ...Array.from({ length: 100 }, () => '[error] Error while decoding stream #0:0: Invalid data found'),
      '[error] rtsp://u:hunter2@h/s: Server returned 401 Unauthorized (authorization failed)',
    ]);
    expect(lost).toBe(100);
    expect(log.problems.length).toBeLessThanOrEqual(40);
    expect(log.failure()?.cause).toBe('auth_failed');
    expect(JSON.stringify(log.problems)).not.toContain('hunter2');
  });
});
