import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Look, screenshot } from '../../fixtures/browser.ts';
import { violations } from './accessibility.ts';
import { PageRig } from './rig.ts';

let rig: PageRig;
beforeAll(async () => {
  rig = await PageRig.start({
    cameras: `  street:
    source: sim://scene?seed=7&rate=40
    detect: { fps: 5 }
    zones: { road: { polygon: [[0, 0.6], [1, 0.6], [1, 1], [0, 1]], severity: alert } }
    lines: { middle: { from: [0.5, 1], to: [0.5, 0.4] } }
  yard:
    source: sim://scene?seed=11&rate=20
    detect: { fps: 5 }
  gate:
    source: rtsp://127.0.0.1:9/none
  attic:
    source: sim://scene
    enabled: false
`,
  });
});
afterAll(() => rig?.stop());

const PHONE: Look = { width: 390, height: 844, touch: true };

const VIEWS: readonly (readonly [name: string, hash: string, ready: string, look: Look])[] = [
  ['grid', '#/cameras', '.live[data-playing="true"]', {}],
  ['grid-light', '#/cameras', '.live[data-playing="true"]', { colours: 'light' }],
  ['single', '#/cameras/street', '.live[data-playing="true"]', {}],
  ['single-light', '#/cameras/street', '.live[data-playing="true"]', { colours: 'light' }],
  ['broken-camera', '#/cameras/gate', '.notice', {}],
  ['zones', '#/cameras/street/zones', '.shape-item', {}],
  ['events', '#/events', '.entry[data-object-id]', {}],
  ['events-light', '#/events', '.entry[data-object-id]', { colours: 'light' }],
  ['device', '#/device', '.panel', {}],
  ['device-light', '#/device', '.panel', { colours: 'light' }],
  ['phone', '#/cameras', '.live[data-playing="true"]', PHONE],
  ['phone-events', '#/events', '.entry[data-object-id]', PHONE],
  ['phone-single', '#/cameras/street', '.live[data-playing="true"]', PHONE],
  ['phone-device', '#/device', '.panel', PHONE],
];

describe('every view', () => {
  test.each(VIEWS)(
    '%s can be used by everybody, and needs nothing but the device',
    async (name, hash, ready, look) => {
      const { page, context, errors, elsewhere } = await rig.open(hash, look);
      await page.waitForSelector(ready);
      await page.waitForTimeout(2_500);
      await screenshot(page, name);
      expect(await violations(page)).toEqual([]);
      const tooWide = await page.evaluate('document.documentElement.scrollWidth > window.innerWidth');
      expect(tooWide).toBe(false);
      expect(errors).toEqual([]);
      expect(elsewhere).toEqual([]);
      await context.close();
    },
  );

  test.each(['dark', 'light'] as const)('a visit, in %s, can be read by everybody', async (colours) => {
    for (const look of [{ colours }, { ...PHONE, colours }]) {
      const { page, context, errors } = await rig.open('#/events', look);
      await page.locator('.entry[data-object-id]').last().click();
      await page.getByRole('dialog').getByText('appeared').waitFor();
      expect(await violations(page)).toEqual([]);
      const tooWide = await page.evaluate('document.documentElement.scrollWidth > window.innerWidth');
      expect(tooWide).toBe(false);
      expect(errors).toEqual([]);
      await screenshot(page, `${'touch' in look ? 'phone-' : ''}visit-${colours}`);
      await context.close();
    }
  });

  test('the switch goes from the colours of the system to dark and light, and is remembered', async () => {
    const { page } = await rig.open('', { colours: 'light' });
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const light = await background();
    await page.getByRole('button', { name: /^Colours: auto/ }).click();
    expect(await background()).not.toBe(light);
    await page.reload();
    await page.getByRole('button', { name: /^Colours: dark/ }).click();
    expect(await background()).toBe(light);
  });
});
