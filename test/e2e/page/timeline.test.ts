import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { screenshot } from '../../fixtures/browser.ts';
import { waitUntil } from '../../fixtures/wait-until.ts';
import { PageRig } from './rig.ts';

let rig: PageRig;
beforeAll(async () => {
  rig = await PageRig.start({
    mqtt: true,
    cameras: `  street:
    source: sim://scene?seed=7&rate=40
    detect: { fps: 10 }
    zones: { road: { polygon: [[0, 0.6], [1, 0.6], [1, 1], [0, 1]] } }
`,
  });
});
afterAll(() => rig?.stop());

/** When each object first stood on the timeline, ms since the epoch, from now on. */
function watchEntries(page: Page): Promise<unknown> {
  return page.evaluate(`(() => {
    window.entriesAtMs = {};
    new MutationObserver(() => {
      for (const { dataset } of document.querySelectorAll('.entry[data-object-id]')) {
        window.entriesAtMs[dataset.objectId] ??= Date.now();
      }
    }).observe(document.body, { childList: true, subtree: true });
  })()`);
}

describe('the timeline', () => {
  test('shows an object within 1 s of its MQTT message', async () => {
    const { page } = await rig.open('#/events');
    await page.waitForSelector('.timeline');
    await watchEntries(page);
    const openedAtMs = Date.now();
    const started = () =>
      rig
        .mqtt!.messages.filter(
          ({ topic, receivedAtMs }) => topic.endsWith('/events') && receivedAtMs > openedAtMs,
        )
        .map(({ text, receivedAtMs }) => ({
          ...(JSON.parse(text) as { type: string; objectId: string }),
          receivedAtMs,
        }))
        .filter(({ type }) => type === 'object.started');
    await waitUntil(() => started().length >= 5, 'five objects to come', 60_000);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const shown = (await page.evaluate('window.entriesAtMs')) as Record<string, number>;
    const delaysMs = started().map(({ objectId, receivedAtMs }) => shown[objectId]! - receivedAtMs);
    process.stdout.write(`on the timeline after MQTT, ms: ${delaysMs.map(Math.round).join(' ')}\n`);
    expect(Math.max(...delaysMs)).toBeLessThan(1_000);
  });

  test('finds by filter, keeps the filter in the address, and pages', async () => {
    const enough = async () => {
      const answer = await fetch(`${rig.url}api/events?limit=200`);
      return ((await answer.json()) as { events: unknown[] }).events.length > 70;
    };
    await waitUntil(enough, 'more than a page of events', 90_000);
    const { page } = await rig.open('#/events');
    await page.waitForSelector('.entry[data-object-id]');
    await page.getByRole('button', { name: 'Older events' }).click();
    await page.getByRole('button', { name: 'Older events' }).waitFor({ state: 'hidden' });
    await page.getByLabel('Label').selectOption('car');
    await page.waitForURL(/label=car/);
    const onlyCars = async () =>
      (await page.locator('.entry strong').allTextContents()).every((label) => label === 'car');
    await waitUntil(onlyCars, 'only cars on the timeline');
    await page.reload();
    await page.waitForSelector('.entry[data-object-id]');
    expect(await page.getByLabel('Label').inputValue()).toBe('car');
    await screenshot(page, 'timeline');
  });

  test('keeps its filters folded on a phone until they are asked for, and says how many are in force', async () => {
    const { page } = await rig.open('#/events?label=car', { width: 390, height: 844, touch: true });
    const toggle = page.getByRole('button', { name: 'Filters (1)' });
    await toggle.waitFor();
    expect(await page.getByLabel('Label').isVisible()).toBe(false);
    await toggle.click();
    await page.getByLabel('Label').selectOption('');
    await page.getByRole('button', { name: 'Filters', exact: true }).waitFor();
    expect(await page.getByLabel('Label').isVisible()).toBe(true);
  });

  test('tells all of a visit', async () => {
    const { page } = await rig.open('#/events');
    await page.locator('.entry[data-object-id]').last().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('appeared').waitFor();
    await screenshot(page, 'visit');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
  });
});
