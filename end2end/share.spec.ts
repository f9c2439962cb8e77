// Sharing a room: a link, a copy of it, and a code that a camera reads.

import jsQR from 'jsqr';
import { PNG } from 'pngjs';

import { expect, test } from './fixtures/test.ts';
import { enter } from './room.ts';

test('the link copies, and the code holds the same address', async ({ server, somebody }) => {
  const page = await somebody();
  await enter(page, server.url, 'باغ-آبی', 'سارا');
  await page.getByRole('button', { name: 'هم‌رسانی' }).first().click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toBeVisible();
  const address = await dialog.getByLabel('پیوند اتاق').inputValue();
  expect(decodeURIComponent(new URL(address).pathname)).toBe('/r/باغ-آبی');

  await dialog.getByRole('button', { name: 'رونوشت' }).click();
  await expect(dialog.getByRole('status')).toHaveText('رونوشت شد');

  const picture = PNG.sync.read(await dialog.locator('img.qr').screenshot());
  const code = jsQR(new Uint8ClampedArray(picture.data), picture.width, picture.height);
  expect(code, 'the code is readable').not.toBeNull();
  expect(new URL(code!.data).href).toBe(new URL(address).href);

  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
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
