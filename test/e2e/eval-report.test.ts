import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../fixtures/chromium.ts';
import { scratch } from '../fixtures/owned.ts';
import { runProgram } from '../fixtures/program.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  readonly id: string;
  readonly nodes: { readonly html: string; readonly failureSummary: string }[];
}

describeWithTestData('the report of an evaluation', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  /** What axe-core finds, and which addresses the page asked for. */
  async function look(
    path: string,
    colorScheme: 'light' | 'dark',
  ): Promise<{ violations: string[]; asked: string[] }> {
    const context = await browser.newContext({ colorScheme, offline: true });
    try {
      const page = await context.newPage();
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      await page.goto(pathToFileURL(path).href);
      await page.evaluate(
        "document.querySelectorAll('details').forEach((details) => { details.open = true; })",
      );
      await page.evaluate(AXE);
      const { violations } = (await page.evaluate('axe.run()')) as { violations: Violation[] };
      return {
        asked: asked.filter((url) => !url.startsWith('data:')),
        violations: violations.flatMap(({ id, nodes }) =>
          nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
        ),
      };
    } finally {
      await context.close();
    }
  }

  async function expectSound(dir: string): Promise<void> {
    const path = join(dir, 'report.html');
    for (const scheme of ['light', 'dark'] as const) {
      const { violations, asked } = await look(path, scheme);
      expect(violations).toEqual([]);
      expect(asked).toEqual([pathToFileURL(path).href]);
    }
  }

  test('of a detector can be read by everybody, offline', async () => {
    const dir = await scratch('report');
    const { status } = await runProgram([
      ...['eval', 'detect', '--report', dir, '--threads', '2'],
      ...['--annotations', testData('coco', 'annotations', 'instances_val2017_subset.json')],
      ...['--images', testData('coco', 'val2017'), '-m', testData('models', 'coco', 'yolox_nano_416.onnx')],
    ]);
    expect(status).toBe(0);
    await expectSound(dir);
    const page = readFileSync(join(dir, 'report.html'), 'utf8');
    expect(page.match(/<img src="data:image\/jpeg/g)).toHaveLength(12);
  });

  test('of a tracker can be read by everybody, offline', async () => {
    const dir = await scratch('report');
    const sequence = (...parts: string[]) => testData('mot', 'MOT15', 'TUD-Campus', ...parts);
    const { status } = await runProgram([
      ...['eval', 'track', '--report', dir, '--gt', sequence('gt', 'gt.txt')],
      ...['--tracks', sequence('ref', 'sort.txt')],
    ]);
    expect(status).toBe(0);
    await expectSound(dir);
  });
});
