// Where there is little room: phones on their side, their keyboards, windows zoomed four times, letters
// twice as large, notches. What must stay: the room's name, its people, some conversation, what is typed.

import { type Locator, type Page, type BrowserContextOptions } from '@playwright/test';

import { expect, test } from './fixtures/test.ts';
import { Member } from './fixtures/member.ts';
import { composer, enterByLink, log, message, people, say } from './room.ts';

interface Rect {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The look of a page: its size in CSS pixels, and how large letters are. */
interface Look {
  name: string;
  width: number;
  height: number;
  letters?: number;
  /** The least height of the conversation. */
  talk: number;
}

const LOOKS: Look[] = [
  { name: 'a wide screen', width: 1920, height: 1080, talk: 700 },
  { name: 'a laptop', width: 1280, height: 800, talk: 500 },
  { name: 'a phone', width: 390, height: 844, talk: 500 },
  { name: 'a small phone', width: 360, height: 640, talk: 300 },
  { name: 'a phone above its keyboard', width: 360, height: 300, talk: 120 },
  { name: 'a phone on its side', width: 844, height: 390, talk: 200 },
  { name: 'a phone on its side above its keyboard', width: 740, height: 160, talk: 60 },
  { name: 'large letters', width: 360, height: 640, letters: 160, talk: 200 },
  { name: 'letters twice as large', width: 320, height: 568, letters: 200, talk: 120 },
  { name: 'large letters on a screen', width: 1280, height: 800, letters: 200, talk: 300 },
  // A window of 1280 by 720, zoomed (WCAG 2.2, 1.4.4 and 1.4.10).
  { name: 'zoomed to 200 %', width: 640, height: 360, talk: 150 },
  { name: 'zoomed to 400 %', width: 320, height: 180, talk: 60 },
];

const PERSIAN = 'باغ-آبی-و-خیلی-بلند-برای-آزمایش-نام-یک-اتاق-در-نوار-بالای-گفت‌وگ';
const LATIN = 'a-very-long-name-of-a-room-for-the-bar-above-the-conversation-64';

const rect = (locator: Locator): Promise<Rect> =>
  locator.evaluate((element) => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    return { left, top, right, bottom };
  });

/** The rectangles of an element's text, as far as what surrounds it lets them be seen. */
const textRect = (locator: Locator): Promise<Rect> =>
  locator.evaluate((element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const text = range.getBoundingClientRect();
    const box = element.getBoundingClientRect();
    return {
      left: Math.max(text.left, box.left),
      top: Math.max(text.top, box.top),
      right: Math.min(text.right, box.right),
      bottom: Math.min(text.bottom, box.bottom),
    };
  });

function expectInside(inner: Rect, outer: Rect, what: string): void {
  expect(inner.left, `${what}: left`).toBeGreaterThanOrEqual(outer.left - 0.5);
  expect(inner.top, `${what}: top`).toBeGreaterThanOrEqual(outer.top - 0.5);
  expect(inner.right, `${what}: right`).toBeLessThanOrEqual(outer.right + 0.5);
  expect(inner.bottom, `${what}: bottom`).toBeLessThanOrEqual(outer.bottom + 0.5);
}

const apart = (a: Rect, b: Rect): boolean =>
  a.right <= b.left + 0.5 || b.right <= a.left + 0.5 || a.bottom <= b.top + 0.5 || b.bottom <= a.top + 0.5;

/** Takes this look, once the page is there. */
async function look(page: Page, { width, height, letters = 100 }: Look): Promise<Rect> {
  await page.setViewportSize({ width, height });
  await page.evaluate((percent) => document.documentElement.style.setProperty('font-size', `${percent}%`), letters);
  // The page follows what is visible of it.
  await expect(page.locator('#room')).toHaveCSS('height', `${height}px`);
  return { left: 0, top: 0, right: width, bottom: height };
}

const notWider = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

const more = (page: Page): Locator => page.getByRole('button', { name: 'گزینه‌های بیشتر' });
const pill = (page: Page): Locator => page.locator('.newer');

const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

// Chromium itself prints that a server is gone, and a page not there.
test.use({ expectedComplaints: [/WebSocket connection to .* failed|ERR_CONNECTION_REFUSED|404 .*nowhere/] });

test('the pill is in the conversation, never on what is typed', async ({ server, page }) => {
  await enterByLink(page, server.url, 'pill', 'سارا');
  const ali = await Member.join(server.url, 'pill', 'علی');
  for (let n = 0; n < 14; n++) await ali.says(`پیام ${n}\nو خط دوم آن\nو خط سوم`);
  await expect(message(page, 'پیام 13')).toBeVisible();
  const up = () => log(page).evaluate((window) => (window.scrollTop = 60));
  for (const draft of ['', 'یک\nدو\nسه\nچهار\nپنج']) {
    await composer(page).fill(draft);
    for (const at of LOOKS) {
      await look(page, at);
      await up();
      await expect(pill(page), at.name).toBeVisible();
      expectInside(await rect(pill(page)), await rect(log(page)), `${at.name}, ${draft.length} typed`);
      expect(apart(await rect(pill(page)), await rect(page.locator('.composer .box'))), at.name).toBe(true);
    }
  }
  // And while a notice takes its place, too.
  ali.close();
  await server.kill();
  await expect(page.locator('.talk > .notice')).toBeVisible();
  for (const at of LOOKS) {
    await look(page, at);
    await up();
    await expect(pill(page), at.name).toBeVisible();
    expectInside(await rect(pill(page)), await rect(page.locator('.talk')), `${at.name}, with a notice`);
    expect(apart(await rect(pill(page)), await rect(page.locator('.composer .box'))), at.name).toBe(true);
    expect(apart(await rect(pill(page)), await rect(page.locator('.bar'))), at.name).toBe(true);
  }
});

for (const room of [PERSIAN, LATIN, 'کلاس']) {
  test(`name, people, conversation stay in ${room.slice(0, 5)}`, async ({ server, page }) => {
    await enterByLink(page, server.url, room, 'سارا');
    const title = page.locator('.bar h1');
    const peopleButton = page.getByRole('button', { name: 'دیدن افراد اتاق' });
    for (const at of LOOKS) {
      const screen = await look(page, at);
      expect(await notWider(page), at.name).toBeLessThanOrEqual(0);
      const name = await textRect(title);
      expectInside(name, screen, `${at.name}: name`);
      const letter = await title.evaluate((element) => Number.parseFloat(getComputedStyle(element).fontSize));
      // At least a few letters of it, and a line high.
      expect(name.right - name.left, `${at.name}: name`).toBeGreaterThanOrEqual(Math.min(room.length * 0.4, 4) * letter);
      expect(name.bottom - name.top, `${at.name}: name`).toBeGreaterThanOrEqual(letter);
      const controls = await page.locator('.bar a:visible, .bar button:visible, .bar .link-state').all();
      const rects = await Promise.all(controls.map(rect));
      for (const [n, one] of rects.entries()) {
        expectInside(one, screen, `${at.name}: control ${n}`);
        expect(apart(one, name), `${at.name}: control ${n} is not on the name`).toBe(true);
        for (const other of rects.slice(0, n)) expect(apart(one, other), `${at.name}: ${n}`).toBe(true);
      }
      if (await page.locator('#people').isHidden()) await expect(peopleButton, at.name).toBeVisible();
      const { top, bottom } = await rect(log(page));
      expect(bottom - top, `${at.name}: conversation`).toBeGreaterThanOrEqual(at.talk);
      expectInside(await rect(page.locator('.composer .box')), screen, `${at.name}: composer`);
    }
  });
}

test('letters that grow alone leave name and people', async ({ server, somebody }) => {
  const page = await somebody({ ...PHONE, viewport: { width: 360, height: 640 } });
  await enterByLink(page, server.url, 'باغ-آبی-42', 'سارا');
  // As a phone's own text size does it: every text larger, no length in the style.
  await page.evaluate(() => {
    const sizes = [...document.querySelectorAll<HTMLElement>('body *')].map(
      (element) => [element, Number.parseFloat(getComputedStyle(element).fontSize)] as const,
    );
    for (const [element, size] of sizes) element.style.fontSize = `${size * 1.6}px`;
  });
  const screen = { left: 0, top: 0, right: 360, bottom: 640 };
  const name = await textRect(page.locator('.bar h1'));
  expectInside(name, screen, 'name');
  expect(name.right - name.left).toBeGreaterThan(100);
  expectInside(await rect(page.getByRole('button', { name: 'دیدن افراد اتاق' })), screen, 'people');
  expect(await notWider(page)).toBeLessThanOrEqual(0);
});

test('the menu opens, is walked, chooses and closes', async ({ server, somebody }) => {
  const page = await somebody({ viewport: { width: 390, height: 844 }, colorScheme: 'light' });
  await enterByLink(page, server.url, 'menu', 'سارا');
  const button = more(page);
  const share = page.locator('.bar').getByRole('button', { name: 'هم‌رسانی' });
  const theme = page.getByRole('button', { name: 'ظاهر' });
  await expect(share).toBeHidden();
  await expect(button).toHaveAttribute('aria-expanded', 'false');

  await button.focus();
  await page.keyboard.press('Enter');
  await expect(button).toHaveAttribute('aria-expanded', 'true');
  await expect(share).toBeFocused();
  expectInside(await rect(page.locator('#menu')), { left: 0, top: 0, right: 390, bottom: 844 }, 'menu');
  await page.keyboard.press('ArrowDown');
  await expect(theme).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(share).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(share).toBeHidden();
  await expect(button).toBeFocused();

  // What it opens gives the focus back to it.
  await page.keyboard.press('Enter');
  await expect(share).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('#share')).toBeVisible();
  await expect(share).toBeHidden();
  await page.keyboard.press('Escape');
  await expect(page.locator('#share')).toBeHidden();
  await expect(button).toBeFocused();

  // Outside of it, and on the button again.
  await button.click();
  await expect(theme).toBeVisible();
  await page.mouse.click(100, 500);
  await expect(theme).toBeHidden();
  await button.click();
  await expect(theme).toBeVisible();
  await page.locator('.bar').click({ position: { x: 34, y: 30 } });
  await expect(theme).toBeHidden();

  // Tab walks through it, and out of it closes it.
  await button.click();
  await expect(share).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(theme).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(theme).toBeHidden();
  await expect(button).not.toBeFocused();

  await button.click();
  await theme.click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(theme).toBeHidden();

  // On a wide page they are in the bar.
  await page.setViewportSize({ width: 1280, height: 800 });
  await expect(button).toBeHidden();
  await expect(share).toBeVisible();
  await share.click();
  await expect(page.locator('#share')).toBeVisible();
});

test('letters grow with the screen, from a laptop to a projector', async ({ server, page }) => {
  await enterByLink(page, server.url, 'class', 'سارا');
  await say(page, 'سلام');
  const size = (place: string) => page.locator(place).first().evaluate((element) => Number.parseFloat(getComputedStyle(element).fontSize));
  for (const [width, height, least, most] of [
    // With the bars of a browser, too.
    [1920, 1080, 24, 26],
    [1920, 940, 24, 26],
    [1280, 800, 16, 17.6],
    [390, 844, 16, 17.6],
  ] as const) {
    await page.setViewportSize({ width, height });
    for (const place of ['.bubble .text', '#composer', '#people .name']) {
      expect(await size(place), `${place} at ${width}`).toBeGreaterThanOrEqual(least);
      expect(await size(place), `${place} at ${width}`).toBeLessThanOrEqual(most);
    }
    expect(await notWider(page)).toBeLessThanOrEqual(0);
  }
});

test('the glass says what it is where there is room', async ({ server, page }) => {
  await enterByLink(page, server.url, 'class', 'سارا');
  const glass = page.getByRole('button', { name: 'زیر ذره‌بین' }).and(page.locator('#xray-button'));
  const width = async () => (await glass.boundingBox())!.width;
  await page.setViewportSize({ width: 1280, height: 800 });
  expect(await width()).toBeGreaterThan(100);
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await width()).toBeLessThan(50);
  await glass.hover();
  await expect(glass).toHaveAttribute('title', 'زیر ذره‌بین: اتصال از نو باز می‌شود تا ضبط شود');
});

test('what is asked fits above a keyboard', async ({ server, page }) => {
  await page.setViewportSize({ width: 740, height: 160 });
  const screen = { left: 0, top: 0, right: 740, bottom: 160 };
  await page.goto(`${server.url}/r/entrance`);
  await expect(page.getByLabel('نام شما')).toBeVisible();
  expectInside(await rect(page.getByLabel('نام شما')), screen, 'name');
  expectInside(await rect(page.getByRole('button', { name: 'ورود به اتاق' })), screen, 'enter');
  await enterByLink(page, server.url, 'entrance', 'سارا');

  // Sharing: address, button and a way out, without scrolling; on its side the code, too.
  const share = page.locator('#share');
  await page.getByRole('button', { name: 'هم‌رسانی' }).first().click();
  for (const part of ['.heading .icon-button', '#address', '.address .button', '.qr']) {
    expectInside(await rect(share.locator(part)), await rect(share), part);
    expectInside(await rect(share.locator(part)), screen, part);
  }
  await page.setViewportSize({ width: 844, height: 390 });
  for (const part of ['.heading', '#address', '.address .button', '.qr']) {
    expectInside(await rect(share.locator(part)), await rect(share), part);
  }
  expect(await share.evaluate((dialog) => dialog.scrollHeight - dialog.clientHeight)).toBeLessThanOrEqual(0);
  const code = await rect(share.locator('.qr'));
  expect(code.bottom - code.top).toBeGreaterThanOrEqual(200);
  await page.keyboard.press('Escape');

  // The people can all be reached.
  await page.setViewportSize({ width: 740, height: 160 });
  await page.getByRole('button', { name: 'دیدن افراد اتاق' }).click();
  for (const last of [people(page).getByText('سارا'), page.locator('#people summary')]) {
    await last.scrollIntoViewIfNeeded();
    await expect(last).toBeInViewport({ ratio: 0.9 });
  }
});

test('a notch covers nothing', async ({ server, somebody }) => {
  const page = await somebody({ ...PHONE, viewport: { width: 844, height: 390 } });
  await enterByLink(page, server.url, 'notch', 'سارا');
  const devtools = await page.context().newCDPSession(page);
  const insets = { left: 47, leftMax: 47, right: 47, rightMax: 47, bottom: 21, bottomMax: 21 };
  await devtools.send('Emulation.setSafeAreaInsetsOverride', { insets });
  const safe = { left: 47, top: 0, right: 844 - 47, bottom: 390 - 21 };
  for (const part of ['.home-link', '#open-people', '.bar h1', '.composer .box']) {
    await expect(async () => expectInside(await rect(page.locator(part)), safe, part)).toPass();
  }
  // What is behind it is the bar, from edge to edge.
  expect((await rect(page.locator('.bar'))).right).toBe(844);
  await page.locator('#open-people').tap();
  await expect(page.locator('#close-people')).toBeVisible();
  await expect(async () => expectInside(await rect(page.locator('#close-people')), safe, 'drawer')).toPass();
});

test('nothing is wider than a page zoomed four times', async ({ server, page }) => {
  await page.setViewportSize({ width: 320, height: 256 });
  await enterByLink(page, server.url, 'reflow', 'سارا');
  for (const path of ['/', '/nowhere', '/r/reflow', '/classic/reflow']) {
    await page.goto(server.url + path);
    for (const letters of [100, 200]) {
      await page.evaluate((percent) => document.documentElement.style.setProperty('font-size', `${percent}%`), letters);
      expect(await notWider(page), `${path} at ${letters} %`).toBeLessThanOrEqual(0);
    }
  }
});
