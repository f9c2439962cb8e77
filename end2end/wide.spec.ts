// For the back of a classroom: the same switch on every page that shows the wire, and nothing on it too
// small to be read from there.

import type { Locator, Page } from '@playwright/test';

import { expect, test } from './fixtures/test.ts';
import { enter, say } from './room.ts';

/** The smallest text that is drawn in there, in pixels of the screen, and what it says. */
const smallest = (page: Page, place: string): Promise<{ size: number; text: string }> =>
  page.locator(place).evaluate((root) => {
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    let least = { size: Infinity, text: '' };
    const look = (element: Element, text: string): void => {
      if (!text.trim() || element.localName === 'option' || !element.checkVisibility()) return;
      const zoom = (element as Element & { currentCSSZoom?: number }).currentCSSZoom ?? 1;
      const scale = element instanceof SVGGraphicsElement ? element.getScreenCTM()!.a : zoom;
      const size = Number.parseFloat(getComputedStyle(element).fontSize) * scale;
      if (size < least.size) least = { size, text: text.trim() };
    };
    while (texts.nextNode()) look(texts.currentNode.parentElement!, texts.currentNode.textContent!);
    for (const field of root.querySelectorAll('input, select, textarea')) look(field, field.localName);
    return least;
  });

const widen = (page: Page) => page.getByRole('button', { name: 'بزرگ‌نمایی' });

test.use({ viewport: { width: 1920, height: 1080 } });

/** Nothing of it is under the edge of its own place, nor beside it. */
async function fits(page: Page, what: string, place = '#xray-tab'): Promise<void> {
  const hidden = await page.locator(place).evaluate((tab) => [tab.scrollHeight - tab.clientHeight, tab.scrollWidth - tab.clientWidth]);
  expect(hidden, `${what} scrolls`).toEqual([0, 0]);
}

/** Nothing that is to be read from the back is smaller. */
async function isLarge(page: Page, what: string, place = '#xray'): Promise<void> {
  const { size, text } = await smallest(page, place);
  expect(size, `${what}: ${text}`).toBeGreaterThanOrEqual(24);
}

/** Whether `inner` is seen whole within `outer`. */
async function isWithin(inner: Locator, outer: Locator): Promise<void> {
  const [part, whole] = [(await inner.boundingBox())!, (await outer.boundingBox())!];
  expect(part.x, 'its left edge').toBeGreaterThanOrEqual(whole.x - 1);
  expect(part.x + part.width, 'its right edge').toBeLessThanOrEqual(whole.x + whole.width + 1);
  expect(part.y, 'its upper edge').toBeGreaterThanOrEqual(whole.y - 1);
  expect(part.y + part.height, 'its lower edge').toBeLessThanOrEqual(whole.y + whole.height + 1);
}

/** How many lines of text the edge of their place goes through. */
const halved = (place: Locator): Promise<number> =>
  place.evaluate((place) => {
    const { top, bottom } = place.getBoundingClientRect();
    const range = document.createRange();
    range.selectNodeContents(place);
    return [...range.getClientRects()].filter((line) => {
      // Of the letters, and not of the room between lines.
      const [above, below] = [line.top + line.height / 4, line.bottom - line.height / 4];
      return (above < bottom && below > bottom) || (above < top && below > top);
    }).length;
  });

test('the panel', async ({ server, page }) => {
  test.slow();
  await enter(page, server.url, 'xray', 'سارا');
  await page.getByRole('button', { name: 'زیر ذره‌بین' }).click();
  await say(page, 'سلام');
  await page.getByRole('tab', { name: 'فریم‌ها' }).click();
  const own = page.locator('#xray .frame[data-own]').filter({ hasText: 'say' });
  await expect(own).toHaveCount(1);
  // Before the stage, too, it has grown with the screen.
  expect((await smallest(page, '#xray')).size).toBeGreaterThanOrEqual(15);
  await widen(page).click();
  const bar = (await page.locator('#xray header').boundingBox())!;
  expect([bar.x, bar.y, bar.width, bar.height]).toEqual([0, 0, 1920, 64]);
  await isLarge(page, 'frames');
  await own.getByRole('button').first().click();
  await expect(page.locator('.bits')).toBeVisible();
  await isLarge(page, 'a frame');
  await fits(page, 'a frame');
  // Thirty-two bits a row, beside what they mean.
  const [bits, parts] = [(await page.locator('.bits').boundingBox())!, (await page.locator('.parts').boundingBox())!];
  expect(parts.x > bits.x + bits.width || bits.x > parts.x + parts.width).toBe(true);
  expect(await page.locator('.bits .numbers span:visible').count()).toBe(32);
  await page.getByText('بازگشت به فهرست').click();
  await expect(page.locator('.bits')).toHaveCount(0);
  await expect(own).toBeVisible();
  await expect(page.getByText('بازگشت به فهرست')).toHaveCount(0);

  await page.getByRole('tab', { name: 'دست‌تکانی' }).click();
  await isLarge(page, 'handshake');
  await fits(page, 'handshake');
  await expect(page.locator('.heads time')).toHaveText(['آغاز', /^[۰-۹٫]+ (میکرو|میلی)ثانیه پس از درخواست$/]);
  // The meaning of each line is in sight, however many there are.
  await page.locator('.others').first().click();
  await page.locator('[data-line=user-agent] button').click();
  await expect(page.locator('.meaning').first()).toBeInViewport({ ratio: 1 });
  await isWithin(page.locator('.meaning').first(), page.locator('#xray-tab'));
  await page.locator('.others').first().click();
  // Key and answer in one view, side by side, and a line from one to the other.
  const line = async (name: string) => (await page.locator(`[data-line=${name}]`).boundingBox())!;
  const [key, accept] = [await line('sec-websocket-key'), await line('sec-websocket-accept')];
  expect(key.x).toBeGreaterThan(accept.x + accept.width);
  const link = (await page.locator('.link path').boundingBox())!;
  expect(Math.abs(link.x + link.width - key.x)).toBeLessThan(8);
  expect(Math.abs(link.x - accept.x - accept.width)).toBeLessThan(8);
  // Its end, too.
  await page.evaluate(async () => {
    const token = document.getElementById('xray-button')!.dataset['recordings']!.trim();
    await fetch(`/xray/${token}/break`, { method: 'POST', body: '{"break":"restart"}' });
  });
  await expect(page.locator('.ending li')).toHaveCount(5);
  await isLarge(page, 'the end');
  await fits(page, 'the end');
  await page.getByRole('button', { name: 'اتصال ۲ زنده است' }).click();
  await page.getByLabel('این‌جا چیزی بگویید').fill('دوباره: یک جمله که از یک سطر بلندتر است، تا دیده شود که هیچ سطری از آن نیمه نمی‌ماند و آخرش هم بریده نیست');
  await page.getByLabel('این‌جا چیزی بگویید').press('Enter');
  for (const name of ['لایه‌ها', 'مسیر پیام', 'آزمایش خرابی', 'خروجی']) {
    await page.getByRole('tab', { name }).click();
    // All that it has.
    const whole = { 'لایه‌ها': '.onion li:last-child', 'مسیر پیام': '.time:nth-child(2)', 'آزمایش خرابی': '.more', 'خروجی': 'section' }[name]!;
    await expect(page.locator(`#xray-tab ${whole}`).first()).toBeVisible();
    await isLarge(page, name);
    await fits(page, name);
    if (name === 'مسیر پیام') expect(await halved(page.locator('.journey blockquote'))).toBe(0);
  }
  // An experiment with its verdict and all that was seen.
  await page.getByRole('tab', { name: 'آزمایش خرابی' }).click();
  const lost = page.locator('.experiment').nth(3);
  await lost.locator('summary').click();
  await isWithin(lost.getByRole('button', { name: 'اجرا' }), lost);
  await lost.locator('input[value="0"]').check();
  await lost.getByRole('button', { name: 'اجرا' }).click();
  await page.getByLabel('این‌جا چیزی بگویید').fill('سه‌باره');
  await page.getByLabel('این‌جا چیزی بگویید').press('Enter');
  await expect(lost.locator('.verdict')).toBeVisible({ timeout: 20_000 });
  await isLarge(page, 'an experiment');
  await fits(page, 'an experiment');
  // A third connection is offered, and none of the others is cut.
  await expect(page.getByRole('button', { name: 'اتصال ۳ زنده است' })).toBeVisible({ timeout: 15_000 });
  for (const chip of await page.locator('.which .chip').all()) await isWithin(chip, page.locator('.which'));
  await widen(page).click();
  expect((await smallest(page, '#xray')).size).toBeLessThan(20);
});

test('the ways', async ({ server, page }) => {
  await page.goto(`${server.url}/ways/ways`);
  await widen(page).click();
  await expect(widen(page)).toHaveAttribute('aria-pressed', 'true');
  await page.getByLabel('پیام', { exact: true }).fill('سلام');
  await page.getByRole('button', { name: 'ارسال' }).click();
  await expect(page.locator('.messages tbody tr').first()).toBeVisible();
  await expect(page.locator('.chart path').first()).toHaveAttribute('d', /L/);
  await isLarge(page, 'the ways', '.stage');
  await fits(page, 'the ways', '.stage > main');
  await page.getByRole('slider').press('End');
  await expect(page.locator('.made')).toBeVisible();
  // All of it is seen at once, in the place that the stage leaves it (style/lab/base.css).
  const rem = await page.evaluate(() => Number.parseFloat(getComputedStyle(document.documentElement).fontSize));
  const ways = await page.locator('.ways').evaluate((ways) => {
    const tops = [...ways.querySelectorAll('.table, .chart, .messages')].map((part) => part.getBoundingClientRect());
    const { top, bottom } = ways.getBoundingClientRect();
    return { high: ways.scrollHeight, below: tops.filter((part) => part.bottom > bottom + 1 || part.top < top).length };
  });
  expect(ways.high).toBeLessThanOrEqual(Math.ceil(28.5 * rem));
  expect(ways.below).toBe(0);
});

test('the workbench', async ({ server, page }) => {
  await page.goto(`${server.url}/workbench`);
  await widen(page).click();
  await isLarge(page, 'a request', '.stage');
  await fits(page, 'a request', '.stage > main');
  await isWithin(page.locator('#ask'), page.locator('.bench').first());
  await page.locator('#ask').click();
  await expect(page.getByRole('log')).toContainText('HTTP/1.1 101');
  await expect(page.locator('.request > .outcome .verdict')).toBeInViewport({ ratio: 1 });
  await page.locator('#send-frame').click();
  await expect(page.locator('.log > li')).toHaveCount(4);
  await page.getByRole('button', { name: 'طول دروغین' }).click();
  await isLarge(page, 'a frame', '.stage');
  await fits(page, 'a frame', '.stage > main');
  await page.getByRole('button', { name: 'RSV روشن' }).click();
  await page.locator('#send-frame').click();
  for (const seen of ['.compose > .outcome .verdict', '.compose .bits', '.compose .hex', '#anew']) {
    await expect(page.locator(seen), seen).toBeInViewport({ ratio: 1 });
  }
  await fits(page, 'a broken rule', '.stage > main');
  expect(await page.locator('.compose').evaluate((bench) => bench.scrollHeight - bench.clientHeight)).toBe(0);
});

test('the workbench leads back to where one was', async ({ server, page }) => {
  await page.goto(`${server.url}/workbench`);
  // Not into a room that is everybody's.
  await expect(page.getByRole('link', { name: 'پنج راه کنار هم' })).toHaveAttribute('href', /^\/ways\/\d+$/);
  await enter(page, server.url, 'کلاس-۳', 'سارا');
  await page.goto(`${server.url}/workbench`);
  await page.getByRole('link', { name: 'پنج راه کنار هم' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('کلاس-');
  await page.goBack();
  await page.getByRole('link', { name: 'بازگشت به اتاق' }).click();
  await expect(page.locator('.bar h1')).toContainText('کلاس-');
});

test('a phone has no room for it', async ({ server, somebody }) => {
  const sara = await somebody({ viewport: { width: 390, height: 844 } });
  for (const path of ['/ways/ways', '/workbench']) {
    await sara.goto(server.url + path);
    await expect(sara.locator('.stage')).toBeVisible();
    await expect(sara.locator('.widen')).toHaveCount(1);
    await expect(sara.locator('.widen')).toBeHidden();
  }
});
