import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { screenshot } from '../../fixtures/browser.ts';
import { waitUntil } from '../../fixtures/wait-until.ts';
import { PageRig } from './rig.ts';

let rig: PageRig;
beforeAll(async () => {
  rig = await PageRig.start({
    mqtt: true,
    cameras: `  street: # the one at the door
    source: sim://scene?seed=7&rate=40
    detect: { fps: 10 }
`,
  });
});
afterAll(() => rig?.stop());

async function openEditor(look?: Parameters<PageRig['open']>[1]): Promise<Page> {
  const { page } = await rig.open('#/cameras/street/zones', look);
  await page.waitForSelector('.live[data-playing="true"]');
  return page;
}

/** Where a place of the picture is on the screen. */
async function spot(page: Page, [x, y]: readonly [number, number]): Promise<readonly [number, number]> {
  const box = await page.locator('.editor-canvas').boundingBox();
  if (box === null) throw new Error('there is no picture');
  return [box.x + x * box.width, box.y + y * box.height];
}

async function draw(page: Page, points: readonly (readonly [number, number])[]): Promise<void> {
  for (const point of points) await page.mouse.click(...(await spot(page, point)));
}

const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true });

describe('the editor of zones and lines', () => {
  test('a zone drawn by mouse is effective at once, and in the file', async () => {
    const page = await openEditor();
    await page.getByRole('button', { name: 'Add zone' }).click();
    await draw(page, [
      [0.05, 0.3],
      [0.95, 0.3],
      [0.95, 0.97],
      [0.05, 0.97],
    ]);
    await page.keyboard.press('Enter');
    await page.getByLabel('Name').fill('everything');
    await screenshot(page, 'editor');
    const savedAtMs = Date.now();
    await save(page).click();
    await page.getByText('Saved, and in force.').waitFor();
    const entered = () =>
      rig.mqtt!.events().find((event) => event.type === 'zone.entered' && event.zone === 'everything');
    await waitUntil(() => entered() !== undefined, 'somebody to enter the zone', 30_000);
    expect(entered()!.timings.emittedAtMs).toBeGreaterThan(savedAtMs - 1000);
    const text = await readFile(rig.config, 'utf8');
    expect(text).toContain('everything:');
    expect(text).toContain('# the one at the door');
  });

  test('a zone whose sides cross is told of while it is drawn, and cannot be finished', async () => {
    const page = await openEditor();
    await page.getByRole('button', { name: 'Add zone' }).click();
    await draw(page, [
      [0.2, 0.2],
      [0.6, 0.6],
      [0.6, 0.2],
      [0.2, 0.6],
    ]);
    await page.getByText('its sides cross').waitFor();
    expect(await page.getByRole('button', { name: 'Finish' }).isDisabled()).toBe(true);
    await page.keyboard.press('Backspace');
    expect(await page.getByRole('button', { name: 'Finish' }).isDisabled()).toBe(false);
    await page.keyboard.press('Escape');
  });

  test('a line drawn by finger on a phone', async () => {
    const page = await openEditor({ width: 390, height: 844, touch: true });
    await page.getByRole('button', { name: 'Add line' }).tap();
    for (const point of [
      [0.2, 0.9],
      [0.8, 0.9],
    ] as const) {
      await page.touchscreen.tap(...(await spot(page, point)));
    }
    await page.getByLabel('Name').fill('kerb');
    await save(page).tap();
    await page.getByText('Saved, and in force.').waitFor();
    expect(await readFile(rig.config, 'utf8')).toContain('kerb:');
  });

  test('by keyboard alone', async () => {
    const page = await openEditor();
    await page.getByRole('button', { name: 'Add mask' }).press('Enter');
    await page.getByRole('button', { name: 'Place one in the middle' }).press('Enter');
    const corner = page.getByRole('button', { name: /^Point 1 of mask: 35 % from the left/ });
    await corner.focus();
    for (let i = 0; i < 2; i++) await page.keyboard.press('Shift+ArrowLeft');
    await page.getByRole('button', { name: /^Point 1 of mask: 25 % from the left/ }).waitFor();
    await save(page).press('Enter');
    await page.getByText('Saved, and in force.').waitFor();
    const { cameras } = (await (await fetch(`${rig.url}api/cameras`)).json()) as {
      cameras: { masks: number[][][] }[];
    };
    expect(cameras[0]!.masks[0]![0]).toEqual([0.25, 0.4]);
  });

  test('an edit that somebody else came before is not lost and overrules nobody unasked', async () => {
    const [mine, theirs] = [await openEditor(), await openEditor()];
    const rename = async (page: Page, from: string, to: string) => {
      await page.getByRole('button', { name: from }).first().click();
      await page.getByLabel('Name').fill(to);
      await save(page).click();
    };
    await rename(theirs, 'kerb', 'theirs');
    await theirs.getByText('Saved, and in force.').waitFor();
    await rename(mine, 'kerb', 'mine');
    await mine.getByText('was changed elsewhere').waitFor();
    expect(await readFile(rig.config, 'utf8')).toContain('theirs:');
    await mine.getByRole('button', { name: 'Save mine' }).click();
    await mine.getByText('Saved, and in force.').waitFor();
    const text = await readFile(rig.config, 'utf8');
    expect(text).toContain('mine:');
    expect(text).not.toContain('theirs:');
  });

  test('what the device refuses stands at its shape', async () => {
    const page = await openEditor();
    // A label that the model does not know passes the page and not the device.
    await page.route('**/api/config/cameras/street', async (route) => {
      const body = route.request().postDataJSON() as { zones: Record<string, { dwellMs?: number }> };
      body.zones.everything!.dwellMs = 1;
      await route.continue({ postData: JSON.stringify(body) });
    });
    await save(page).click();
    await page.locator('.shape-item', { hasText: 'everything' }).getByRole('alert').waitFor();
  });
});
