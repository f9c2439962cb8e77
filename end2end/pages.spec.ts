// The pages around the room: without JavaScript, missing, and misnamed.

import { expect, test } from './fixtures/test.ts';
import { joined } from './room.ts';

test.use({
  // Chromium prints every answer of 400 and above that it shows as a page; and, where scripts are
  // off or held back, that what they would have used was not used.
  expectedComplaints: [/responded with a status of 40[04]|was preloaded using link preload but not used/],
});

test('without JavaScript the pages can be read, and say what is missing', async ({ server, somebody }) => {
  const page = await somebody({ javaScriptEnabled: false });
  await page.goto(server.url);
  await expect(page.getByRole('heading', { name: 'اتاق' })).toBeVisible();
  await page.getByLabel('نام شما').fill('سارا');
  await page.getByLabel('نام اتاق').fill('باغ سبز');
  await page.getByRole('button', { name: 'ورود به اتاق' }).click();
  expect(decodeURIComponent(new URL(page.url()).pathname)).toBe('/r/باغ-سبز');
  await expect(page.getByRole('heading', { name: 'باغ-سبز' })).toBeVisible();
  // By place: Playwright's search by text passes over `noscript`.
  await expect(page.locator('noscript .failed')).toContainText('گفت‌وگوی زنده به جاوااسکریپت نیاز دارد');
  await expect(page.locator('noscript .failed')).toBeVisible();
});

test('the first picture does not wait for the script', async ({ server, somebody }) => {
  const page = await somebody();
  const held: string[] = [];
  await page.route(/\.(js|wasm)$/, (route) => void held.push(route.request().url()));
  await page.goto(`${server.url}/r/slow`, { waitUntil: 'commit' });
  await expect(page.getByRole('heading', { name: 'slow' })).toBeVisible();
  await expect(page.getByText('در حال آماده‌شدن…').first()).toBeVisible();
  const painted = () => page.evaluate(() => performance.getEntriesByName('first-contentful-paint').length);
  await expect.poll(painted, 'something is on the screen').toBe(1);
  // Both were asked for, and neither has come.
  expect(held.map((url) => url.split('.').at(-1)).sort()).toEqual(['js', 'wasm']);
});

test('a path that is no page is answered in Persian, with 404', async ({ server, somebody }) => {
  const page = await somebody();
  const answer = await page.goto(`${server.url}/nothing/here`);
  expect(answer!.status()).toBe(404);
  await expect(page.getByRole('heading', { name: 'این صفحه پیدا نشد' })).toBeVisible();
  await page.getByRole('link', { name: 'بازگشت' }).click();
  await expect(page.getByLabel('نام اتاق')).toBeVisible();
});

test('a room that cannot be is told with its rule', async ({ server, somebody }) => {
  const page = await somebody();
  const answer = await page.goto(`${server.url}/r/${encodeURIComponent('a/b?c')}`);
  expect(answer!.status()).toBe(400);
  await expect(page.getByRole('heading', { name: 'اتاقی با این نام نمی‌شود ساخت' })).toBeVisible();
  await expect(page.getByText('۶۴ نویسه')).toBeVisible();
});

test('a bad name or room is told beside its field, and nothing is lost', async ({ server, somebody }) => {
  const page = await somebody();
  await page.goto(server.url);
  await expect(page.getByLabel('نام شما')).toBeFocused();
  await page.getByLabel('نام شما').fill('   ');
  await page.getByLabel('نام اتاق').fill('a/b');
  await page.getByRole('button', { name: 'ورود به اتاق' }).click();
  await expect(page.locator('#name-problem')).toHaveText('نامتان را بنویسید.');
  await expect(page.locator('#room-problem')).toContainText('اتاقی با این نام نمی‌شود ساخت');
  await expect(page.getByLabel('نام اتاق')).toHaveValue('a/b');
  await expect(page.getByLabel('نام شما')).toBeFocused();
});

test('a random room is a room, and recent rooms are offered', async ({ server, somebody }) => {
  const page = await somebody();
  await page.goto(server.url);
  await expect(page.getByLabel('نام شما')).toBeFocused();
  await page.getByLabel('نام شما').fill('سارا');
  await page.getByRole('button', { name: 'اتاق تصادفی' }).click();
  await expect(page.getByLabel('نام اتاق')).not.toHaveValue('');
  const room = await page.getByLabel('نام اتاق').inputValue();
  // Two pairs of words and a number: 50 bits (room_names.rs).
  expect(room).toMatch(/^(\p{L}+-){4}\d{3}-\d{4}$/u);
  await page.getByRole('button', { name: 'اتاق تصادفی' }).click();
  expect(await page.getByLabel('نام اتاق').inputValue()).not.toBe(room);
  await page.getByLabel('نام اتاق').fill(room);
  await page.getByRole('button', { name: 'ورود به اتاق' }).click();
  await expect(page.getByRole('heading', { name: room })).toBeVisible();
  await joined(page);
  await page.goto(server.url);
  await expect(page.getByRole('link', { name: room })).toBeVisible();
  await expect(page.getByLabel('نام شما')).toHaveValue('سارا');
});
