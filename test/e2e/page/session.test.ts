import { afterEach, describe, expect, test } from 'vitest';
import { hashPassword } from '../../../src/preview/auth/password-hash.ts';
import { type Look, screenshot } from '../../fixtures/browser.ts';
import { waitUntil } from '../../fixtures/wait-until.ts';
import { violations } from './accessibility.ts';
import { PageRig } from './rig.ts';

const CAMERAS = `  street:
    source: sim://scene?seed=7&rate=40
    detect: { fps: 10 }
`;

const LOOKS: readonly (readonly [name: string, look: Look])[] = [
  ['login', {}],
  ['login-light', { colours: 'light' }],
  ['phone-login', { width: 390, height: 844, touch: true }],
];

let rig: PageRig | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

describe('login', () => {
  test('lets in with the right password, says what is wrong otherwise, and logs out', async () => {
    const hash = await hashPassword('open sesame');
    rig = await PageRig.start({
      cameras: CAMERAS,
      http: `  users:
    ann: { role: viewer, passwordHash: '${hash}' }`,
    });
    for (const [name, look] of LOOKS) {
      const { page, context } = await rig.open('', look);
      await page.getByLabel('Password').waitFor();
      expect(await violations(page), name).toEqual([]);
      await screenshot(page, name);
      await context.close();
    }
    const { page, errors } = await rig.open();
    await page.getByLabel('User').fill('ann');
    await page.getByLabel('Password').fill('close sesame');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('User or password is wrong.').waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByLabel('Password').fill('open sesame');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.waitForSelector('.live[data-playing="true"]');

    // A viewer sees, and changes nothing.
    await page.goto(`${rig.url}#/cameras/street`);
    await page.getByRole('heading', { name: 'street' }).waitFor();
    expect(await page.getByText('Zones and lines').count()).toBe(0);

    // The session outlives a reload, and not a logout.
    await page.reload();
    await page.getByRole('heading', { name: 'street' }).waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Password').waitFor();
    await page.reload();
    await page.getByLabel('Password').waitFor();
    expect(errors).toEqual([]);
  });

  test('is asked for again when the session has ended elsewhere', async () => {
    const hash = await hashPassword('open sesame');
    rig = await PageRig.start({
      cameras: CAMERAS,
      http: `  users:
    ann: { role: admin, passwordHash: '${hash}' }`,
    });
    const { page, context } = await rig.open();
    await page.getByLabel('User').fill('ann');
    await page.getByLabel('Password').fill('open sesame');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.waitForSelector('.live[data-playing="true"]');
    await context.clearCookies();
    await page.getByLabel('Password').waitFor();
  });
});

describe('a daemon that is killed and started again', () => {
  test('is shown as lost, and the page recovers by itself: pictures, events and all', async () => {
    rig = await PageRig.start({ cameras: CAMERAS });
    const { page } = await rig.open();
    await page.waitForSelector('.live[data-playing="true"]');
    await page.waitForSelector('.entry[data-object-id]');
    await rig.crash();
    await page.getByText('The device does not answer').waitFor();
    await page.waitForSelector('.live[data-playing="false"]', { timeout: 30_000 });
    await screenshot(page, 'lost');
    await rig.startAgain();
    await page.getByText('The device does not answer').waitFor({ state: 'hidden', timeout: 15_000 });
    await page.waitForSelector('.live[data-playing="true"]', { timeout: 15_000 });
    const known = await page.locator('.entry[data-object-id]').first().getAttribute('data-object-id');
    const newest = page.locator('.entry[data-object-id]').first();
    const another = async () => (await newest.getAttribute('data-object-id')) !== known;
    await waitUntil(another, 'a new object on the timeline', 30_000);
  });
});
