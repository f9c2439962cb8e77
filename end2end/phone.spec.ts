// The room on a phone: a touch screen, 390 by 844.

import { expect, test } from './fixtures/test.ts';
import { composer, enterByLink, message, people, say } from './room.ts';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

test('everything fits, and the composer stays at the bottom', async ({ server, somebody }) => {
  const page = await somebody(PHONE);
  await enterByLink(page, server.url, 'اتاق‌-گوشی', 'یک نام نسبتاً بلند برای آزمایش');
  await composer(page).fill('سلام');
  await page.getByRole('button', { name: 'فرستادن', exact: true }).tap();
  await expect(message(page, 'سلام')).toBeVisible();

  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(await overflow()).toBeLessThanOrEqual(0);
  const box = await page.locator('.composer .box').boundingBox();
  expect(box!.y + box!.height).toBeGreaterThan(844 - 40);
  expect(box!.y + box!.height).toBeLessThanOrEqual(844);

  // A keyboard takes the lower half; the composer goes up with the visible part.
  await page.setViewportSize({ width: 390, height: 500 });
  await expect(async () => {
    const above = await page.locator('.composer .box').boundingBox();
    expect(above!.y + above!.height).toBeLessThanOrEqual(500);
  }).toPass();
  await expect(message(page, 'سلام')).toBeInViewport();
});

test('the people are a drawer that opens, closes, and is out of reach while closed', async ({ server, somebody }) => {
  const page = await somebody(PHONE);
  await enterByLink(page, server.url, 'drawer', 'سارا');
  await expect(people(page)).toBeHidden();
  const button = page.getByRole('button', { name: 'دیدن افراد اتاق' });
  await button.tap();
  await expect(people(page).getByText('سارا')).toBeVisible();
  await expect(button).toHaveAttribute('aria-expanded', 'true');
  // The keyboard is in it, and what lies behind it is out of reach.
  await expect(page.getByRole('button', { name: 'بستن فهرست افراد' })).toBeFocused();
  await expect(page.locator('.talk')).toHaveAttribute('inert');
  await page.getByRole('button', { name: 'بستن فهرست افراد' }).tap();
  await expect(people(page)).toBeHidden();
  await button.tap();
  await page.keyboard.press('Escape');
  await expect(people(page)).toBeHidden();
  await expect(button).toBeFocused();
});

test('dialog and drawer fit the smallest phones', async ({ server, somebody }) => {
  const page = await somebody({ ...PHONE, viewport: { width: 320, height: 568 } });
  await enterByLink(page, server.url, 'باغ-آبی-42', 'سارا');
  const fits = (selector: string) => page.locator(selector).evaluate((box) => box.scrollWidth <= box.clientWidth);
  await page.getByRole('button', { name: 'هم‌رسانی' }).first().tap();
  expect(await fits('#share')).toBe(true);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'دیدن افراد اتاق' }).tap();
  await page.getByRole('button', { name: 'تغییر نام' }).tap();
  await page.getByLabel('نام تازه‌ی شما').fill(' ');
  await page.getByRole('button', { name: 'ثبت' }).tap();
  await expect(page.locator('#rename-problem')).toBeVisible();
  expect(await fits('#people')).toBe(true);
});

test('Enter breaks the line, because a touch screen has no Shift', async ({ server, somebody }) => {
  const page = await somebody(PHONE);
  await enterByLink(page, server.url, 'lines', 'سارا');
  await composer(page).fill('خط یک');
  await composer(page).press('Enter');
  await composer(page).pressSequentially('خط دو');
  await expect(composer(page)).toHaveValue('خط یک\nخط دو');
  await expect(page.locator('.message')).toHaveCount(0);
  // With a keyboard beside the screen there is a way to send without leaving it.
  await composer(page).press('Control+Enter');
  await expect(message(page, 'خط یک').locator('p')).toHaveText(['خط یک', 'خط دو']);
  await expect(composer(page)).toHaveValue('');
});

test('every control is large enough for a thumb', async ({ server, somebody }) => {
  const page = await somebody(PHONE);
  await enterByLink(page, server.url, 'thumb', 'سارا');
  await say(page, 'https://example.ir');
  for (const control of await page.locator('button:visible, summary:visible, .home-link:visible').all()) {
    const box = await control.boundingBox();
    expect(Math.min(box!.width, box!.height), await control.innerHTML()).toBeGreaterThanOrEqual(24);
  }
});
