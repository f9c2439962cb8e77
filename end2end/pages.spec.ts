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

test('the home page leads to everything', async ({ server, somebody }) => {
  const page = await somebody();
  await page.goto(server.url);
  await expect(page.locator('#page')).toHaveAttribute('data-alive');
  const href = (name: string) => page.getByRole('link', { name }).getAttribute('href');
  // A room of one's own, and the same by all five ways.
  const room = (await href('زیر ذره‌بین'))!.match(/^\/r\/(.+)#xray$/)![1]!;
  expect(decodeURIComponent(room)).toMatch(/^(\p{L}+-){4}\d{3}-\d{4}$/u);
  expect(await href('پنج راه کنار هم')).toBe(`/ways/${room}`);
  await expect(page.getByRole('button', { name: 'کلاس باز کنید' })).toBeVisible();
  expect(await href('RFC 6455')).toContain('rfc6455');
  const doors = ['میز کار WebSocket', 'پروتکل اتاق'].map(href);
  const codes = page.locator('.steps').getByRole('link', { name: 'در کد' });
  await expect(codes).toHaveCount(5);
  const here = await Promise.all([...doors, ...(await codes.all()).map((code) => code.getAttribute('href'))]);
  for (const path of here) expect((await page.request.get(server.url + path)).status(), path!).toBe(200);
  const fanout = await page.request.get(`${server.url}/source/fanout.rs`);
  expect(fanout.headers()['content-type']).toBe('text/plain; charset=utf-8');
  expect(await fanout.text()).toContain('fn broadcast');
});

test('an address opens what it names, once one is in', async ({ server, somebody }) => {
  const page = await somebody();
  await page.goto(`${server.url}/r/arrival#xray`);
  await expect(page.locator('#page')).toHaveAttribute('data-alive');
  await page.getByLabel('نام شما').fill('سارا');
  await expect(page.locator('#xray')).toHaveCount(0);
  await page.getByRole('button', { name: 'ورود به اتاق' }).click();
  await expect(page.getByRole('tab', { name: 'دست‌تکانی' })).toHaveAttribute('aria-selected', 'true');
  await joined(page);
  expect(new URL(page.url()).hash).toBe('');

  // And a second time, by name.
  await page.goto(`${server.url}/r/class#qr`);
  await expect(page.locator('.poster')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.locator('.poster')).toBeHidden();
  await expect(page.locator('#share')).toBeVisible();
});

test('every page leads to the others', async ({ server, somebody }) => {
  const page = await somebody();
  await page.goto(`${server.url}/r/links`);
  await page.getByLabel('نام شما').fill('سارا');
  await page.getByRole('button', { name: 'ورود به اتاق' }).click();
  await joined(page);
  const paths = ['/r/links', '/ways/links', '/workbench', '/classic/links'];
  for (const path of paths) {
    await page.goto(server.url + path);
    await expect(page.locator('a[href="/"]').first(), path).toBeVisible();
    const others = paths.filter((other) => other !== path);
    for (const other of others) {
      // The lab is one step from the room, which has the rest.
      if (['/ways/links', '/workbench'].includes(path) && other === '/classic/links') continue;
      await expect(page.locator(`a[href="${other}"]:visible`).first(), `${path} to ${other}`).toBeVisible();
    }
  }
});

for (const [width, height] of [[1920, 1080], [1280, 800], [390, 844], [360, 640]] as const) {
  test(`the home page fits a screen of ${width}`, async ({ server, somebody }) => {
    const page = await somebody({ viewport: { width, height } });
    await page.goto(server.url);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    const cards = await page.locator('.card').evaluateAll((all) => all.map((card) => card.getBoundingClientRect().toJSON()));
    expect(cards).toHaveLength(3);
    const tops = new Set(cards.map(({ top }) => Math.round(top)));
    expect(tops.size, 'side by side, or one below the other').toBe(width < 1024 ? 3 : 1);
    const letters = await page.locator('.doors strong').first().evaluate((name) => Number.parseFloat(getComputedStyle(name).fontSize));
    expect(letters).toBeGreaterThanOrEqual(width === 1920 ? 21 : 16);
    if (width < 1024) return;
    // The whole of it, the steps too, without scrolling; and not an island in the middle.
    expect(await page.evaluate(() => document.documentElement.scrollHeight)).toBeLessThanOrEqual(height);
    expect(cards[0].right - cards[2].left).toBeGreaterThanOrEqual(0.85 * width);
  });
}

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
