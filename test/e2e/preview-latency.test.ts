import { expect, it } from 'vitest';
import type { LatencyResult } from '../../src/bench/latency/measure-latency.ts';
import { runProgram } from '../fixtures/program.ts';

it('from glass to glass it takes WebRTC less than 300 ms and MSE less than 1.5 s, in a real browser', async () => {
  const { status, stdout, stderr } = await runProgram([
    ...['bench', '--scenario', 'latency', '--minutes', '0.25', '--json'],
  ]);
  expect(status, stderr).toBe(0);
  const { transports } = JSON.parse(stdout) as LatencyResult;
  process.stdout.write(`${JSON.stringify(transports)}\n`);
  const { webrtc, mse, mjpeg } = transports;
  // Nearly every picture tells its time, so none that is late is left out.
  for (const { pictures, unread } of [webrtc, mse, mjpeg]) expect(unread).toBeLessThan(0.02 * pictures);
  expect(mse.pictures).toBeGreaterThan(200);
  expect(webrtc.pictures).toBeGreaterThan(80);
  expect(mjpeg.pictures).toBeGreaterThan(80);
  expect(webrtc.last.p95Ms).toBeLessThan(300);
  expect(mse.last.p95Ms).toBeLessThan(1_500);
  expect(mse.first.p50Ms).toBeGreaterThan(0);
});
