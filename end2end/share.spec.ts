// Sharing a room: a link, a copy of it, and a code that a camera reads.

import type { Locator, Page } from '@playwright/test';
import jsQR from 'jsqr';
import { PNG } from 'pngjs';

import { Proxy } from './fixtures/proxy.ts';
import { expect, test } from './fixtures/test.ts';
import { enter } from './room.ts';

/** Opens the dialog. */
async function share(page: Page): Promise<Locator> {
  await page.getByRole('button', { name: 'هم‌رسانی' }).first().click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toBeVisible();
  return dialog;
}

/** The address in the dialog, which must be the one in its code. */
async function shared(dialog: Locator): Promise<URL> {
  const address = await dialog.getByLabel('پیوند اتاق').inputValue();
  const picture = dialog.locator('#code');
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth)).toBeTruthy();
  const png = PNG.sync.read(await picture.screenshot());
  const code = jsQR(new Uint8ClampedArray(png.data), png.width, png.height);
  expect(code, 'the code is readable').not.toBeNull();
  expect(code!.data).toBe(address);
  return new URL(address);
}

test('the link copies, and the code holds the same address', async ({ server, somebody }) => {
  const page = await somebody();
  await enter(page, server.url, 'باغ-آبی', 'سارا');
  const dialog = await share(page);
  expect(decodeURIComponent((await shared(dialog)).pathname)).toBe('/r/باغ-آبی');

  await dialog.getByRole('button', { name: 'کپی' }).click();
  await expect(dialog.getByRole('status')).toHaveText('کپی شد');

  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
});

test('behind a tunnel, link, copy and code are the page\'s own', async ({ server, somebody }) => {
  const tunnel = await Proxy.start(server.port, { isTunnel: true });
  const page = await somebody({ ignoreHTTPSErrors: true, permissions: ['clipboard-read'] });
  await enter(page, tunnel.url, 'باغ', 'سارا');
  const dialog = await share(page);
  const address = await shared(dialog);
  expect(address.href).toBe(`${tunnel.url}/r/%D8%A8%D8%A7%D8%BA`);
  await dialog.getByRole('button', { name: 'کپی' }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(address.href);
  await page.close();
  await tunnel.stop();
});

test('by another name without TLS they are so, too', async ({ server, somebody }) => {
  const page = await somebody();
  await enter(page, `http://laptop.test:${server.port}`, 'class', 'سارا');
  expect((await shared(await share(page))).href).toBe(`http://laptop.test:${server.port}/r/class`);
});

test.describe('with the operator\'s address', () => {
  test.use({ serverOptions: ['--public-url', 'https://chat.example.org', '--allow-origin', 'http://friend.test'] });

  test('it goes before this machine\'s own', async ({ server, somebody }) => {
    const page = await somebody();
    await enter(page, server.url, 'class', 'سارا');
    expect((await shared(await share(page))).href).toBe('https://chat.example.org/r/class');
  });

  test('and not before a name that works', async ({ server, somebody }) => {
    const page = await somebody();
    await enter(page, `http://friend.test:${server.port}`, 'class', 'سارا');
    expect((await shared(await share(page))).href).toBe(`http://friend.test:${server.port}/r/class`);
  });
});

test('the code fills a screen, and Escape gives it back', async ({ server, somebody }) => {
  const page = await somebody({ viewport: { width: 1920, height: 1080 } });
  await enter(page, server.url, 'باغ-آبی-چای-گرم-482-1390', 'سارا');
  const dialog = await share(page);
  const { host } = await shared(dialog);
  await dialog.getByRole('button', { name: 'کد تمام‌صفحه' }).click();
  const poster = page.locator('.poster');
  const code = poster.locator('img');
  for (const [width, height] of [[1920, 1080], [1280, 800], [844, 390]] as const) {
    await page.setViewportSize({ width, height });
    const { height: side, y } = (await code.boundingBox())!;
    expect(side, `at ${width}`).toBeGreaterThanOrEqual(0.7 * height);
    expect(y).toBeGreaterThanOrEqual(0);
    const { y: top, height: line } = (await poster.locator('p').boundingBox())!;
    expect(top + line, `the address at ${width}`).toBeLessThanOrEqual(height);
  }
  await page.setViewportSize({ width: 1920, height: 1080 });
  await expect(poster.locator('p')).toHaveText(`${host}/r/باغ-آبی-چای-گرم-482-1390`);
  const letters = await poster.locator('p').evaluate((line) => Number.parseFloat(getComputedStyle(line).fontSize));
  expect(letters).toBeGreaterThanOrEqual(60);
  const png = PNG.sync.read(await code.screenshot());
  expect(jsQR(new Uint8ClampedArray(png.data), png.width, png.height)?.data).toContain(`//${host}/r/`);

  await page.keyboard.press('Escape');
  await expect(poster).toBeHidden();
  await expect(dialog).toBeVisible();
  await expect(dialog.getByRole('button', { name: 'کد تمام‌صفحه' })).toBeFocused();
});

test('a phone gives the address to its apps', async ({ server, somebody }) => {
  const page = await somebody({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await page.addInitScript(() => {
    Object.assign(navigator, { share: async (what: ShareData) => Object.assign(window, { what }) });
  });
  await enter(page, server.url, 'class', 'سارا');
  await page.getByRole('button', { name: 'گزینه‌های بیشتر' }).tap();
  const dialog = await share(page);
  await dialog.getByRole('button', { name: 'فرستادن با برنامه‌ای دیگر' }).tap();
  const url = await page.evaluate(() => (window as unknown as { what: ShareData }).what.url);
  expect(url).toBe(await dialog.getByLabel('پیوند اتاق').inputValue());
});

test('a desk has no such button', async ({ server, somebody }) => {
  const page = await somebody();
  await enter(page, server.url, 'class', 'سارا');
  await expect((await share(page)).locator('#send-link')).toBeHidden();
});

test('the link works for somebody else', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'باغ سبز', 'سارا');
  await sara.getByRole('button', { name: 'هم‌رسانی' }).first().click();
  const address = new URL(await sara.getByLabel('پیوند اتاق').inputValue());
  const ali = await somebody();
  // The address is for other devices; here its path is enough.
  await ali.goto(server.url + address.pathname);
  await ali.getByLabel('نام شما').fill('علی');
  await ali.getByLabel('نام شما').press('Enter');
  await expect(sara.locator('#people .roster .name')).toHaveText(['سارا', 'علی']);
});
