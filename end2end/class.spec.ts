// A class: its stage is opened from the home page, a teacher goes through all fifteen slides by keyboard, and
// phones follow; votes count; a reload is where the class is; and without the key no page turns.
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

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
  await expect(page.locator('footer .people')).toHaveText('۳ نفر');

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
  await expect(strip(ali).getByRole('button', { name: '۳۰۰' })).toBeDisabled();
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
  const live = (slide: number) => page.locator(`.slide[data-slide="${slide}"] [data-part="live"]`);
  const value = (slide: number, name: string) => live(slide).locator(`[data-value="${name}"]`);
  /** To what is live on this slide. */
  const goLive = async (slide: number) => {
    await goTo(page, slide);
    while (!(await live(slide).isVisible())) await page.keyboard.press('PageDown');
  };

  // 2: three ways to one room, each of them a member; one piece of news in each lane.
  await goLive(2);
  await expect(people(sara)).toContainText('سرکشی-بلند');
  await say(sara, 'خبر');
  for (const lane of ['poll', 'long', 'socket']) await expect(page.locator(`[data-lane="${lane}"] [data-value="news"]`)).toHaveText('۱');

  // 4 to 9: the stage's own connection, and what others say on it.
  await goLive(4);
  await expect(glass).toContainText('Sec-WebSocket-Accept');
  await goLive(5);
  await say(sara, 'سلام');
  await expect(glass.locator('.frame').filter({ hasText: 'said' }).filter({ hasText: 'سلام' })).toHaveCount(1);
  await goLive(7);
  await expect(glass.getByRole('tab', { name: 'لایه‌ها' })).toHaveAttribute('aria-selected', 'true');
  await goLive(8);
  await expect(message(sara, 'این پیام از پرده آمد.')).toHaveCount(1);
  await expect(glass).toContainText('این پیام از پرده آمد.');
  await goLive(9);
  await expect(message(ali, 'این پیام از پرده آمد.')).toHaveCount(2);

  // 10: what the class says of each statement.
  await goTo(page, 10);
  await page.keyboard.press('PageDown');
  for (const student of [sara, ali]) await strip(student).getByRole('button', { name: 'مزیت' }).click();
  await goLive(10);
  await expect(live(10).locator('li').first()).toContainText('مزیت · ۲');

  // 11: numbers of this class.
  await goLive(11);
  await expect(value(11, 'said')).toHaveText('۴');
  await say(ali, 'پنجم');
  await expect(value(11, 'said')).toHaveText('۵');

  // 12: the stage's connection is cut, everybody sees it go and come back, and the class goes on where it was.
  await goLive(12);
  const cut = glass.locator('details', { hasText: 'قطع بدون خداحافظی' });
  await cut.locator('summary').click();
  await cut.getByRole('radio').first().check();
  await cut.getByRole('button', { name: 'اجرا' }).click();
  await expect.poll(() => page.evaluate(() => document.getElementById('xray-button')!.dataset.recordings!.trim().split(' ').length)).toBe(2);
  await expect(page.locator('.class-stage')).toHaveAttribute('data-class', 'teacher');
  await expect(live(12)).toBeVisible();

  // 13: what the protocol has said so far.
  await goLive(13);
  await expect(live(13).locator('[data-way="in"]')).toContainText('said');

  // 14: the seven steps tick themselves off.
  await goLive(14);
  const done = live(14).locator('li[data-done]');
  await expect(done).toHaveCount(4);
  await say(sara, 'گام پنجم');
  await expect(done).toHaveCount(6);
  await ali.close();
  await expect(done).toHaveCount(7);

  // 15: what went over the wire.
  await goLive(15);
  await expect(value(15, 'frames_in')).not.toHaveText('۰');
});

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
      if (!isGlass) found.push(...(await faults(page)));
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
