// On paper: the whole conversation that the page has, without its controls, in black on white.

import { type Page } from '@playwright/test';

import { expect, test } from './fixtures/test.ts';
import { Conversation, TALKATIVE } from './fixtures/conversation.ts';
import { Member } from './fixtures/member.ts';
import { enterByLink, log, message, say } from './room.ts';

test.use({ serverOptions: TALKATIVE });

/** Pages of a PDF. */
const pages = (pdf: Buffer): number => pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;

/** Prints, and says what was drawn when it was. */
async function print(page: Page): Promise<{ pdf: Buffer; texts: string[] }> {
  await page.evaluate(() => {
    const texts = () => [...document.querySelectorAll('.message')].map((one) => one.textContent ?? '');
    // After the page's own listener, and what that set going.
    const keep = () => queueMicrotask(() => Object.assign(window, { printed: texts() }));
    addEventListener('beforeprint', keep, { once: true });
  });
  const pdf = await page.pdf({ format: 'A4' });
  return { pdf, texts: await page.evaluate(() => (window as unknown as { printed: string[] }).printed) };
}

test('all that is kept is printed', async ({ server, page }) => {
  test.slow();
  await enterByLink(page, server.url, 'paper', 'سارا');
  const conversation = await Conversation.join(server.url, 'paper');
  for (let said = 50; said <= 600; said += 50) {
    await conversation.talkUntil(said);
    await expect(message(page, conversation.newest)).toBeVisible({ timeout: 20_000 });
  }
  expect(await page.locator('.message').count()).toBeLessThanOrEqual(200);

  // From the middle, where one reads: afterwards one is where one was.
  const top = () => log(page).evaluate((window) => window.scrollTop);
  await log(page).evaluate((window) => (window.scrollTop -= 4000));
  await expect(page.locator('.newer')).toBeVisible();
  const reads = () =>
    page.evaluate(() => {
      const { left, top, width } = document.querySelector('.scroller')!.getBoundingClientRect();
      const row = [1, 0.75, 0.5, 0.25].map((part) =>
        document.elementFromPoint(left + width * part - 60, top + 100)?.closest('.message'),
      );
      return row.find((one) => one)?.textContent;
    });
  const before = { top: await top(), reads: await reads() };
  expect(before.reads).toBeTruthy();
  const { pdf, texts } = await print(page);
  expect(texts.length).toBe(600);
  expect(texts[0]).toContain('#1');
  expect(texts[599]).toContain('#600');
  expect(pages(pdf)).toBeGreaterThan(5);
  await expect(async () => {
    expect(await page.locator('.message').count()).toBeLessThanOrEqual(200);
    expect({ top: await top(), reads: await reads() }).toEqual(before);
  }).toPass();

  // At the end one stays at the end.
  await page.locator('.newer').click();
  await expect(message(page, conversation.newest)).toBeInViewport();
  await print(page);
  await expect(message(page, conversation.newest)).toBeInViewport();
  await expect(page.locator('.newer')).toBeHidden();
  conversation.say();
  await expect(message(page, conversation.newest)).toBeInViewport();
  conversation.leave();
});

for (const theme of ['light', 'dark'] as const) {
  test(`black on white, whole, without controls, ${theme}`, async ({ server, somebody }) => {
    const page = await somebody({ colorScheme: theme, viewport: { width: 1280, height: 500 } });
    const url = server.url;
    await page.context().addCookies([{ name: 'theme', value: theme, url }]);
    await enterByLink(page, url, 'کاغذ', 'سارا');
    const ali = await Member.join(url, 'کاغذ', 'علی');
    for (let n = 0; n < 20; n++) await ali.says(`پیام ${n}\nبا خط دوم https://example.ir/a/very/long/address?of=${n}`);
    await say(page, 'سلام');
    await expect(message(page, 'سلام')).toContainText('فرستاده شد');
    await page.getByRole('button', { name: 'هم‌رسانی' }).first().click();

    // A dialog is over the page, and not on paper.
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    await page.emulateMedia({ media: 'print', colorScheme: theme });
    await page.setViewportSize({ width: 700, height: 900 });
    // The time of an own message is one on a screen.
    for (const control of ['button:not(.meta)', 'textarea', '#people', '.link-state', '.composer', '.notice', 'dialog', '.avatar', 'svg']) {
      await expect(page.locator(`${control}:visible`), control).toHaveCount(0);
    }
    const paper = await page.evaluate(() => {
      const inside = (element: Element): boolean => {
        const { left, right, bottom } = element.getBoundingClientRect();
        return left >= 0 && right <= innerWidth && bottom <= document.documentElement.scrollHeight + 1;
      };
      const rows = [...document.querySelectorAll('.message')];
      const colours = (element: Element): string => {
        const { color, backgroundColor } = getComputedStyle(element);
        return `${color} on ${backgroundColor}`;
      };
      return {
        outside: rows.filter((row) => !inside(row)).map((row) => row.textContent),
        messages: rows.length,
        high: document.documentElement.scrollHeight > innerHeight,
        clipped: [...document.querySelectorAll('#room, .talk, .scroller')].filter((one) => getComputedStyle(one).overflow !== 'visible').length,
        colours: [...new Set([...rows, document.documentElement, document.body, ...document.querySelectorAll('.bubble, .text, .text a')].map(colours))],
        whole: rows.every((row) => getComputedStyle(row).breakInside === 'avoid'),
        date: getComputedStyle(document.querySelector('.scroller')!, '::before').content,
      };
    });
    expect(paper.outside).toEqual([]);
    expect(paper.messages).toBe(21);
    expect(paper.high).toBe(true);
    expect(paper.clipped).toBe(0);
    expect(paper.whole).toBe(true);
    for (const colours of paper.colours) {
      expect(colours).toMatch(/^rgb\(0, 0, 0\) on (rgba\(0, 0, 0, 0\)|rgb\(255, 255, 255\))$/);
    }
    await expect(page.locator('h1')).toBeVisible();
    await expect(page.locator('h1')).toHaveText('کاغذ');
    // No day on paper is today.
    await expect(page.locator('.divider')).toHaveText(/^[۰-۹]{1,2} \S+ [۰-۹]{4}$/);
    expect(paper.date).toMatch(/چاپ‌شده در .+ [۰-۹]{4}، ساعت [۰-۹]{2}:[۰-۹]{2}/);
    // Who and when, of one's own, too.
    for (const row of [page.locator('.message').first(), message(page, 'سلام')]) {
      await expect(row.locator('time')).toBeVisible();
    }
    const name = (text: string) =>
      message(page, text)
        .locator('.text')
        .evaluate((said) => getComputedStyle(said, '::before').content);
    expect(await name('پیام 0')).toBe('"علی"');
    expect(await name('سلام')).toBe('"سارا"');
    await expect(page.locator('.text a').first()).toHaveCSS('text-decoration-line', 'underline');
    // What is beside an own message under a pointer would make the page wider than the paper, seen or not.
    const time = message(page, 'سلام').locator('button.meta');
    expect(await time.evaluate((time) => getComputedStyle(time, '::before').content)).toBe('none');
  });
}

test('a classic page is printed, too', async ({ server, page }) => {
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  await page.goto(`${server.url}/classic/paper?name=sara`);
  await expect(page.locator('html')).toHaveCSS('background-color', 'rgb(255, 255, 255)');
  await expect(page.locator('h1')).toBeVisible();
  await expect(page.locator('form:visible')).toHaveCount(0);
  await expect(page.locator('.links')).toBeHidden();
  expect(pages(await page.pdf({ format: 'A4' }))).toBe(1);
});

test('what shows the wire is printed, too: light, static and whole', async ({ server, somebody }) => {
  test.slow();
  const page = await somebody({ colorScheme: 'dark', viewport: { width: 1280, height: 500 } });
  const url = server.url;
  await page.context().addCookies([{ name: 'theme', value: 'dark', url }]);
  /** That this is on paper, all of it, and nothing that is only to be pressed. */
  const isPrinted = async (what: string, ...parts: string[]): Promise<void> => {
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await page.setViewportSize({ width: 700, height: 900 });
    await expect(page.locator('html'), what).toHaveCSS('background-color', 'rgb(255, 255, 255)');
    for (const part of parts) {
      await expect(page.locator(part).first(), `${what}: ${part}`).toBeVisible();
      await expect(page.locator(part).last(), `${what}: ${part}`).toBeVisible();
    }
    // What is written into the workbench's fields is part of it.
    const controls = page.locator('.button:visible, .icon-button:visible, .chip:visible, .say:visible');
    await expect(controls, what).toHaveCount(0);
    const paper = await page.evaluate((parts) => {
      const { scrollHeight, scrollWidth } = document.documentElement;
      const outside = [...document.querySelectorAll(parts)].filter((part) => {
        const { left, right, bottom } = part.getBoundingClientRect();
        return left < -1 || right > innerWidth + 1 || bottom + scrollY > scrollHeight + 1;
      });
      return { outside: outside.map((part) => part.className), wide: scrollWidth > innerWidth };
    }, parts.join(','));
    expect(paper, what).toEqual({ outside: [], wide: false });
    expect(pages(await page.pdf({ format: 'A4' })), what).toBeGreaterThan(0);
    await page.emulateMedia({ media: 'screen', colorScheme: 'dark' });
    await page.setViewportSize({ width: 1280, height: 500 });
  };

  await page.goto(url);
  await isPrinted('home', 'h1', '.doors li', '.steps li');
  await page.goto(`${url}/slides`);
  await isPrinted('slides', '.slide h2');

  await page.goto(`${url}/ways/paper`);
  await page.getByLabel('پیام', { exact: true }).fill('روی کاغذ');
  await page.getByRole('button', { name: 'ارسال' }).click();
  await expect(page.locator('.messages [data-by=socket][data-came]')).toHaveCount(1);
  await isPrinted('ways', 'h1', '.table tbody tr', '.verdict', '.chart', '.messages tbody tr');

  await page.goto(`${url}/workbench`);
  await page.locator('#ask').click();
  await expect(page.getByRole('log')).toContainText('HTTP/1.1 101');
  await isPrinted('workbench', 'h1', '.bench', 'textarea', '.log > li');

  await enterByLink(page, url, 'paper', 'سارا');
  await page.getByRole('button', { name: 'زیر ذره‌بین' }).click();
  for (let n = 0; n < 12; n++) await say(page, `پیام ${n}`);
  await expect(message(page, 'پیام 11')).toContainText('فرستاده شد');
  await page.getByRole('tab', { name: 'فریم‌ها' }).click();
  await expect(page.locator('#xray .frame[data-own]').filter({ hasText: 'say' })).toHaveCount(12);
  // What is folded on the screen cannot be unfolded on paper.
  await expect(page.locator('#xray .fold')).not.toHaveCount(0);
  await page.evaluate(() => {
    addEventListener('beforeprint', () => {
      queueMicrotask(() => {
        const folded = document.querySelectorAll('#xray .fold').length;
        const quiet = [...document.querySelectorAll('#xray .frame .kind')].some(({ textContent }) => textContent === 'typing');
        document.body.dataset['printed'] = `${folded},${quiet}`;
      });
    });
  });
  await page.pdf({ format: 'A4' });
  await expect(page.locator('body')).toHaveAttribute('data-printed', '0,true');
  await expect(page.locator('#xray .fold')).not.toHaveCount(0);
  await isPrinted('the panel', '.bar h1', '.message', '.panel .tabs [aria-selected=true]', '#xray .frame');

  // Paper is no stage, neither the panel's nor a page's, and the stage is there again afterwards.
  const stage = page.locator('[data-wide]');
  const onPaper = async (what: string, ...parts: string[]): Promise<void> => {
    await page.getByRole('button', { name: 'بزرگ‌نمایی' }).click();
    await expect(stage, what).toHaveCount(1);
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    await expect(stage, what).toHaveCount(0);
    await isPrinted(what, 'h1', ...parts);
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
    await expect(stage, what).toHaveCount(1);
  };
  await onPaper('the panel on the stage', '.message', '.panel .tabs [aria-selected=true]', '#xray .frame');
  await page.goto(`${url}/workbench`);
  await expect(page.locator('.bench').first()).toBeVisible();
  await onPaper('the workbench on the stage', '.intro', '.bench');
});
