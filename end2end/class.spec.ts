// A class: its stage is opened from the home page, a teacher goes through all fifteen slides by keyboard, and
// phones follow; votes count; a reload is where the class is; and without the key no page turns.
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import jsQR from 'jsqr';
import { PNG } from 'pngjs';

import { expect, test } from './fixtures/test.ts';
import { composer, enterByLink, joined, message, people, say } from './room.ts';

const COUNT = 15;
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

const strip = (page: Page) => page.locator('#class-strip');
const where = (page: Page) => strip(page).locator('strong');
const at = (page: Page) => page.locator('.class-stage').evaluate((stage: HTMLElement) => `${stage.dataset.slide}.${stage.dataset.step}`);

/** Opens a class from the home page. Its room. */
async function openClass(page: Page, url: string): Promise<string> {
  await page.setViewportSize({ width: 1920, height: 1080 });
  await page.goto(url);
  await page.getByRole('button', { name: 'کلاس باز کنید' }).click();
  await expect(page.locator('.class-stage')).toHaveAttribute('data-class', 'teacher');
  return decodeURIComponent(new URL(page.url()).pathname.split('/').at(-1)!);
}

/** To this slide, by its key. */
async function goTo(page: Page, slide: number): Promise<void> {
  while (Number((await at(page)).split('.')[0]) < slide) await page.keyboard.press('PageDown');
}

test('a teacher and two students go through all slides', async ({ page, server, somebody }) => {
  test.setTimeout(90_000);
  const room = await openClass(page, server.url);
  expect(new URL(page.url()).hash, 'the key is not shown').toBe('');
  const [sara, ali] = [await somebody(PHONE), await somebody(PHONE)];
  await enterByLink(sara, server.url, room, 'سارا');
  await enterByLink(ali, server.url, room, 'علی');
  await expect(page.locator('.roll li')).toHaveText(['سارا', 'علی']);
  await expect(page.locator('footer .count')).toHaveText('۳ نفر');

  const titles = await page.locator('.slide h2').allTextContents();
  expect(titles).toHaveLength(COUNT);
  let turned = 0;
  for (let slide = 1; slide <= COUNT; slide++) {
    await expect(page.locator(`.slide[data-slide="${slide}"]`)).toBeVisible();
    await expect(page.locator('.slide:visible')).toHaveCount(1);
    for (const student of [sara, ali]) await expect(where(student)).toHaveText(titles[slide - 1]!);
    if (slide === COUNT) break;
    // A clicker's key, as often as the slide has steps.
    do {
      await page.keyboard.press('PageDown');
      expect(turned++).toBeLessThan(60);
      await page.waitForTimeout(110);
    } while (Number((await at(page)).split('.')[0]) === slide);
  }
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Home');
  await expect(where(sara)).toHaveText(titles[0]!);
});

test('arrows turn every page, there and back', async ({ page, server }) => {
  test.setTimeout(90_000);
  await openClass(page, server.url);
  const passed = new Set<string>();
  let before = '';
  while (before !== (await at(page))) {
    before = await at(page);
    passed.add(before);
    // The glass comes from elsewhere, and has keys of its own.
    if (await page.locator('.part[data-live="glass"]:visible').count()) await expect(page.locator('#xray .tab')).toBeVisible();
    await expect(async () => {
      await page.keyboard.press('ArrowLeft');
      expect(await at(page)).not.toBe(before);
    })
      .toPass({ timeout: 2_000 })
      .catch(() => undefined);
  }
  expect(new Set([...passed].map((place) => place.split('.')[0])).size).toBe(COUNT);
  await expect(page.locator('.slide[data-slide="15"]')).toBeVisible();
  for (let turned = 0; turned < passed.size - 1; turned++) await page.keyboard.press('ArrowRight');
  expect(await at(page)).toBe('1.0');
});

test('the address and the code can be read', async ({ page, server }) => {
  const room = await openClass(page, server.url);
  const roll = page.locator('.slide[data-slide="1"] [data-live="roll"]');
  const address = roll.locator('.address');
  await expect(address.locator('bdi')).toHaveText(room);
  await expect(address).toContainText('/r/');
  expect(await address.evaluate((line) => Number.parseFloat(getComputedStyle(line).fontSize))).toBeGreaterThan(50);
  const code = (await roll.locator('img').boundingBox())!;
  expect(code.height).toBeGreaterThan(0.62 * 1080);
  expect((await address.boundingBox())!.y).toBeGreaterThanOrEqual(code.y + code.height);
  expect(code.y).toBeGreaterThan((await page.locator('.slide[data-slide="1"] h2').boundingBox())!.y + 60);
  // The quiet zone: four modules around, of what a camera takes for one.
  const seen = PNG.sync.read(await roll.locator('img').screenshot());
  const found = jsQR(new Uint8ClampedArray(seen.data), seen.width, seen.height)!;
  expect(decodeURIComponent(found.data)).toContain(`/r/${room}`);
  const { topLeftCorner, topRightCorner } = found.location;
  const zone = 4 / (4 * found.version + 17);
  expect(topLeftCorner.x / (topRightCorner.x - topLeftCorner.x)).toBeGreaterThan(0.95 * zone);
});

test('votes count, may be changed, and survive a reload', async ({ page, server, somebody }) => {
  const room = await openClass(page, server.url);
  const [sara, ali] = [await somebody(PHONE), await somebody(PHONE)];
  await enterByLink(sara, server.url, room, 'سارا');
  await enterByLink(ali, server.url, room, 'علی');
  await goTo(page, 2);
  await page.keyboard.press('ArrowLeft');
  const counts = page.locator('.slide[data-slide="2"] .vote b');
  for (const student of [sara, ali]) await strip(student).getByRole('button', { name: '۶۰۰' }).click();
  await expect(counts).toHaveText(['۰', '۰', '۲']);
  await strip(ali).getByRole('button', { name: '۳۰۰' }).click();
  await expect(counts).toHaveText(['۰', '۱', '۱']);
  await sara.reload();
  await joined(sara);
  const own = strip(sara).locator('[aria-pressed="true"]');
  await expect(own).toContainText('۶۰۰');
  await expect(counts).toHaveText(['۰', '۱', '۱']);
  // What was said goes on as ever, and turning the page closes the vote.
  await composer(sara).fill('سلام');
  await sara.locator('.send').click();
  await expect(message(ali, 'سلام')).toBeVisible();
  await page.keyboard.press('ArrowLeft');
  await expect(strip(ali).getByText('رأی‌گیری بسته شد.')).toBeVisible();
  // One of the answers is right, and that is shown before the page turns.
  const right = page.locator('.slide[data-slide="2"] li[data-right]');
  await expect(page.locator('.slide[data-slide="2"] .vote')).toHaveAttribute('data-over', '');
  expect(await right.locator('.answer').evaluate((answer) => getComputedStyle(answer, '::after').content)).toContain('✓');
  expect(await at(page)).toBe('2.1');
  await expect(strip(ali).getByRole('button', { name: '۳۰۰' })).toBeDisabled();
});

test('the wall stays through a reload', async ({ page, server, somebody }) => {
  const room = await openClass(page, server.url);
  const sara = await somebody(PHONE);
  await enterByLink(sara, server.url, room, 'سارا');
  await goTo(page, 10);
  const statements = await page.locator('.slide[data-slide="10"] .question').allTextContents();
  for (const statement of statements.slice(0, 2)) {
    await page.keyboard.press('PageDown');
    await expect(strip(sara).locator('.question')).toHaveText(statement);
    await strip(sara).getByRole('button', { name: 'هزینه' }).click();
    await expect(page.locator('.slide[data-slide="10"] .vote:visible b').nth(1)).toHaveText('۱');
  }
  await page.reload();
  await expect(page.locator('.class-stage')).toHaveAttribute('data-class', 'teacher');
  const wall = page.locator('.slide[data-slide="10"] [data-live="wall"]');
  while (!(await wall.isVisible())) await page.keyboard.press('PageDown');
  await expect(wall.locator('[data-answer="1"] li')).toHaveText(statements.slice(0, 2).map((statement) => `${statement} ۱`));
});

test('a reload is where the class is', async ({ page, server, somebody }) => {
  const room = await openClass(page, server.url);
  const sara = await somebody(PHONE);
  await enterByLink(sara, server.url, room, 'سارا');
  await goTo(page, 4);
  const title = await page.locator('.slide[data-slide="4"] h2').textContent();
  await expect(where(sara)).toHaveText(title!);
  await sara.reload();
  await expect(where(sara)).toHaveText(title!);
  await page.reload();
  await expect(page.locator('.class-stage')).toHaveAttribute('data-class', 'teacher');
  expect(await at(page)).toBe('4.0');
  const late = await somebody(PHONE);
  await enterByLink(late, server.url, room, 'رضا');
  await expect(where(late)).toHaveText(title!);
});

test('without the key, or with another, no page turns', async ({ page, server, somebody }) => {
  const room = await openClass(page, server.url);
  const other = await somebody();
  await openClass(other, server.url);
  const stolen = await other.evaluate(() => JSON.parse(sessionStorage.getItem(Object.keys(sessionStorage)[0]!)!).key as string);
  for (const key of ['', `#key=${'0'.repeat(64)}`, `#key=${stolen}`]) {
    const guest = await somebody();
    await guest.goto(`${server.url}/class/${encodeURIComponent(room)}${key}`);
    await expect(guest.locator('.class-stage')).toHaveAttribute('data-class', 'follower');
    await guest.keyboard.press('PageDown');
    await expect(guest.locator('.told')).toContainText('ورق نمی‌زند');
    expect(await at(guest)).toBe('1.0');
    expect(await at(page)).toBe('1.0');
  }
  // And one that follows does.
  const screen = await somebody();
  await screen.goto(`${server.url}/class/${encodeURIComponent(room)}`);
  await expect(screen.locator('.class-stage')).toHaveAttribute('data-class', 'follower');
  await goTo(page, 3);
  await expect(screen.locator('.slide[data-slide="3"]')).toBeVisible();
});

test('what is live on a slide happens in another browser', async ({ page, server, somebody }) => {
  test.setTimeout(90_000);
  const room = await openClass(page, server.url);
  const [sara, ali] = [await somebody(), await somebody()];
  await enterByLink(sara, server.url, room, 'سارا');
  await enterByLink(ali, server.url, room, 'علی');
  const glass = page.locator('#xray');
  const live = (slide: number) => page.locator(`.slide[data-slide="${slide}"] [data-part="live"]`).first();
  const value = (slide: number, name: string) => live(slide).locator(`[data-value="${name}"]`);
  /** To what is live on this slide. */
  const goLive = async (slide: number) => {
    await goTo(page, slide);
    while (!(await live(slide).isVisible())) await page.keyboard.press('PageDown');
  };

  // 2: five ways to one room, four of them members of their own; the stage's news comes by each.
  await goLive(2);
  for (const way of ['کلاسیک', 'سرکشی', 'سرکشی بلند', 'رویدادهای سرور']) await expect(people(sara)).toContainText(way);
  const lane = (name: string, what: string) => page.locator(`td[data-lane="${name}"][data-value="${what}"]`);
  for (const way of ['poll', 'classic']) await expect(lane(way, 'asked')).not.toHaveText('۰');
  await page.keyboard.press('ArrowLeft');
  await expect(message(sara, 'خبر تازه از پرده')).toBeVisible();
  for (const way of ['poll', 'long', 'events', 'socket']) await expect(lane(way, 'news')).toHaveText('۱');
  await expect(lane('classic', 'news'), 'at its next refresh').toHaveText('۱', { timeout: 12_000 });
  for (const way of ['poll', 'long', 'events', 'socket', 'classic']) await expect(lane(way, 'bytes')).not.toHaveText('۰');
  await expect(lane('socket', 'late')).toHaveText(/^[۰-۹٬]+$/);

  // 4 to 9: the stage's own connection, and what others say on it.
  await goLive(4);
  await expect(glass).toContainText('Sec-WebSocket-Accept');
  const lit = glass.locator('.lines li[data-lit]');
  for (const lines of [1, 2, 3, 4, 5]) {
    await expect(lit).toHaveCount(lines);
    await page.keyboard.press('ArrowLeft');
  }
  await expect(glass.locator('.lines li[data-essential]:not([data-lit])')).toHaveCount(0);
  await expect(page.locator('.glass')).toHaveAttribute('data-whole', '');
  await goLive(5);
  await expect(message(sara, 'سلام')).toHaveCount(1);
  await expect(glass.locator('.frames[data-open]')).toContainText('say');
  await goLive(6);
  await expect(message(ali, 'این پیام از پرده آمد.')).toHaveCount(1);
  await expect(glass.locator('.layers')).toContainText('say');

  // 7: the class by round trip, as each phone measured it.
  await goLive(7);
  const points = live(7).locator('.points li');
  await expect(points).toHaveCount(2);
  await expect(points.filter({ hasText: 'ع' })).toHaveAttribute('title', /^علی: [۰-۹٫]+ ms$/);
  await expect(value(7, 'farthest')).toHaveText(/^(سارا|علی) [۰-۹٫]+ ms$/);
  await goLive(8);
  await expect(message(sara, 'این پیام از پرده آمد.')).toHaveCount(2);
  await expect(glass).toContainText('این پیام از پرده آمد.');
  await goLive(9);
  await expect(message(ali, 'این پیام از پرده آمد.')).toHaveCount(3);

  // 10: what the class says of each of the twelve statements; each stands on the side that most gave it.
  await goTo(page, 10);
  const statements = await page.locator('.slide[data-slide="10"] .question').allTextContents();
  expect(statements).toHaveLength(12);
  const sides = ['مزیت', 'هزینه', 'هر دو'];
  for (const [place, statement] of statements.entries()) {
    await page.keyboard.press('PageDown');
    for (const student of [sara, ali]) {
      await expect(strip(student).locator('.question')).toHaveText(statement);
      await strip(student).getByRole('button', { name: sides[place % 3] }).click();
    }
    const counts = page.locator('.slide[data-slide="10"] .vote:visible b');
    await expect(counts.nth(place % 3)).toHaveText('۲');
  }
  await goLive(10);
  for (const [side] of sides.entries()) {
    const stands = live(10).locator(`[data-answer="${side}"] li`);
    await expect(stands).toHaveText(statements.filter((_, place) => place % 3 === side).map((statement) => `${statement} ۲`));
  }
  await expect(live(10).locator('.unasked')).toBeHidden();

  // 11: numbers of this class.
  await goLive(11);
  await expect(value(11, 'said')).toHaveText('۵');
  await say(ali, 'ششم');
  await expect(value(11, 'said')).toHaveText('۶');

  // 12: the stage's connection is cut, everybody sees it go and come back, and the class goes on where it was.
  await goLive(12);
  await expect(glass.locator('details', { hasText: 'گم شدن رسید' }), 'what was voted on').toHaveAttribute('open', '');
  // Where one is open the others are not seen.
  await glass.locator('details[open] summary').click();
  await cut(page);
  await expect.poll(() => page.evaluate(() => document.getElementById('xray-button')!.dataset.recordings!.trim().split(' ').length)).toBe(2);
  await expect(page.locator('.class-stage')).toHaveAttribute('data-class', 'teacher');
  await expect(live(12)).toBeVisible();
  // A student's, too: the stage sees them go and come back, and they have missed nothing.
  await page.keyboard.press('PageDown');
  const returning = page.locator('[data-live="returning"] li').filter({ hasText: 'علی' });
  await ali.getByRole('button', { name: 'زیر ذره‌بین' }).click();
  await ali.locator('#xray').getByRole('tab', { name: 'آزمایش خرابی' }).click();
  await expect(returning).not.toHaveAttribute('data-away');
  const before = await returning.getAttribute('data-returned');
  await cut(ali);
  await say(sara, 'در این میان');
  await expect(returning).not.toHaveAttribute('data-returned', before!);
  await expect(returning).toHaveAttribute('data-returned', /↺/);
  await expect(returning).not.toHaveAttribute('data-away');
  await expect(message(ali, 'در این میان')).toHaveCount(1);
  await expect(where(ali)).toHaveText((await page.locator('.slide[data-slide="12"] h2').textContent())!);

  // 13: what the protocol has said so far.
  await goLive(13);
  await expect(live(13).locator('[data-way="in"]')).toContainText('said');

  // 14: the seven steps tick themselves off.
  await goLive(14);
  const done = live(14).locator('li[data-done]');
  await expect(done).toHaveCount(4);
  await say(sara, 'گام پنجم');
  await expect(done).toHaveCount(6);
  await expect(done.nth(4)).toHaveAttribute('data-shown', 'سارا: گام پنجم');
  await ali.close();
  await expect(done).toHaveCount(7);
  await expect(done.last()).toHaveAttribute('data-shown', 'علی');

  // 15: what went over the wire.
  await goLive(15);
  await expect(value(15, 'frames_in')).not.toHaveText('۰');
  await expect(value(15, 'lasted')).toHaveText(/^[۰-۹]+:[۰-۹]{2}$/);
});

/** Cuts the connection of this page, by its own glass. */
async function cut(page: Page): Promise<void> {
  const cut = page.locator('#xray details', { hasText: 'قطع بدون خداحافظی' });
  await cut.locator('summary').click();
  await cut.getByRole('radio').first().check();
  await cut.getByRole('button', { name: 'اجرا' }).click();
}

test.describe('a server that stops', () => {
  test.use({ expectedComplaints: [/ERR_CONNECTION_REFUSED/] });

  test('a class goes on where it was when its server is back', async ({ page, server, somebody }) => {
    const room = await openClass(page, server.url);
    const sara = await somebody(PHONE);
    await enterByLink(sara, server.url, room, 'سارا');
    await goTo(page, 3);
    const title = await page.locator('.slide[data-slide="3"] h2').textContent();
    await server.stop();
    await expect(page.locator('.told')).toContainText('اتصال قطع شد');
    await server.restart();
    await expect(page.locator('.told')).toHaveText('');
    await goTo(page, 4);
    await page.keyboard.press('ArrowRight');
    await joined(sara);
    await expect(where(sara)).toHaveText(title!);
    expect(await at(page)).toBe('3.0');
  });
});

test('blank, freeze and the code answer to their keys', async ({ page, server }) => {
  await openClass(page, server.url);
  await page.keyboard.press('KeyQ');
  const poster = page.locator('.poster');
  await expect(poster.locator('img')).toBeVisible();
  expect((await poster.locator('img').boundingBox())!.height).toBeGreaterThan(0.7 * 1080);
  const letters = await poster.locator('p').evaluate((address) => Number.parseFloat(getComputedStyle(address).fontSize));
  expect(letters).toBeGreaterThanOrEqual(60);
  await expect(poster.locator('bdi')).toHaveText(/^\S+-\d{3}-\d+$/);
  await page.keyboard.press('Escape');
  await expect(poster).toBeHidden();
  await page.keyboard.press('KeyB');
  await expect(page.locator('.class-stage')).toHaveAttribute('data-blank', '');
  await page.keyboard.press('KeyB');
  await page.keyboard.press('KeyF');
  await expect(page.locator('.class-stage')).toHaveAttribute('data-frozen', '');
  await page.keyboard.press('PageDown');
  await expect(page.locator('.slide[data-slide="1"] [data-part="live"]')).toBeVisible();
  await page.keyboard.press('KeyF');
  await expect(page.locator('.slide[data-slide="1"] [data-part="words"]')).toBeVisible();
});

/** What of the glass is cut off by the bar, or in letters smaller than 28 px. */
async function glassFaults(page: Page): Promise<string[]> {
  await expect(page.locator('#xray .tab')).toBeVisible();
  await page.waitForTimeout(500);
  return page.evaluate(() => {
    const tab = document.querySelector('#xray .tab')!;
    const { slide, step } = document.querySelector<HTMLElement>('.class-stage')!.dataset;
    const faults = tab.scrollHeight > tab.clientHeight + 1 ? [`${slide}.${step} is ${tab.scrollHeight - tab.clientHeight} px too high`] : [];
    for (const element of tab.querySelectorAll<HTMLElement | SVGElement>('*')) {
      const isText = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
      if (!isText || !element.getBoundingClientRect().height || element.closest('.unseen, .about .text, select')) continue;
      const picture = element.closest('svg');
      const scale = picture?.viewBox.baseVal.width ? picture.getBoundingClientRect().width / picture.viewBox.baseVal.width : 1;
      const size = parseFloat(getComputedStyle(element).fontSize) * scale;
      if (size < 27.9) faults.push(`${slide}.${step}: ${size.toFixed(1)} px: ${element.textContent}`);
    }
    return faults;
  });
}

/** What of the stage is higher or wider than it, or in letters smaller than 28 px. */
async function faults(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const faults: string[] = [];
    const slide = document.querySelector<HTMLElement>('.slide:not([hidden])')!;
    const name = `${slide.dataset.slide}.${document.querySelector<HTMLElement>('.class-stage')!.dataset.step}`;
    const face = slide.querySelector('.face')!.getBoundingClientRect();
    for (const element of slide.querySelectorAll<HTMLElement | SVGElement>('.part:not([hidden]) *, h2')) {
      const isText = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
      const box = element.getBoundingClientRect();
      if (!box.height || !isText || element.closest('title, desc, .unseen')) continue;
      if (box.bottom > face.bottom + 1 || box.left < face.left - 1 || box.right > face.right + 1) faults.push(`${name} is cut off: ${element.textContent}`);
      const picture = element.closest('svg');
      if (getComputedStyle(element).fill === 'none' && picture) continue;
      const scale = picture ? picture.getBoundingClientRect().width / picture.viewBox.baseVal.width : 1;
      const size = parseFloat(getComputedStyle(element).fontSize) * scale;
      if (size < 27.9) faults.push(`${name}: ${size.toFixed(1)} px: ${element.textContent}`);
    }
    return faults;
  });
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`nothing on the stage stands in anybody's way, ${colorScheme}`, async ({ server, somebody }) => {
    test.setTimeout(90_000);
    const page = await somebody({ colorScheme });
    const room = await openClass(page, server.url);
    const sara = await somebody({ ...PHONE, colorScheme });
    await enterByLink(sara, server.url, room, 'سارا');
    const found: string[] = [];
    let before = '';
    while (before !== (await at(page))) {
      before = await at(page);
      const isGlass = await page.locator('.part[data-live="glass"]:visible').count();
      found.push(...(await (isGlass ? glassFaults : faults)(page)));
      // One of each kind of part.
      if (!['1', '2', '10', '13', '14', '15'].includes(before.split('.')[0]!)) {
        await page.keyboard.press('PageDown');
        await page.waitForTimeout(100);
        continue;
      }
      const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag22aa']).exclude('#xray').analyze();
      found.push(...violations.map(({ id, nodes }) => `${before}: ${id}: ${nodes.map((node) => node.html).join(' ')}`));
      await page.keyboard.press('PageDown');
      await page.waitForTimeout(100);
    }
    await goTo(page, 2);
    const { violations } = await new AxeBuilder({ page: sara }).withTags(['wcag2a', 'wcag2aa', 'wcag22aa']).analyze();
    found.push(...violations.map(({ id, nodes }) => `phone: ${id}: ${nodes.map((node) => node.html).join(' ')}`));
    expect(found).toEqual([]);
  });
}
