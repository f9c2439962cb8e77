// axe on every page and state, light and dark: no violations of WCAG 2.2 A and AA.

import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

import { expect, test } from './fixtures/test.ts';
import { enter, message, say } from './room.ts';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function check(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join('\n  ')}`);
  expect(told, where).toEqual([]);
}

// Chromium itself prints that a server is gone.
test.use({ expectedComplaints: [/WebSocket connection to .* failed/] });

for (const colorScheme of ['light', 'dark'] as const) {
  test(`nothing stands in anybody's way, ${colorScheme}`, async ({ server, somebody }) => {
    // axe looks at everything, nine times.
    test.slow();
    const look = { colorScheme, reducedMotion: 'reduce' as const };
    const sara = await somebody(look);
    await sara.goto(server.url);
    await expect(sara.getByLabel('نام شما')).toBeVisible();
    await check(sara, 'home');
    await sara.getByRole('button', { name: 'ورود به اتاق' }).click();
    await check(sara, 'home, with problems');

    await sara.goto(`${server.url}/r/axe`);
    await expect(sara.getByLabel('نام شما')).toBeVisible();
    await check(sara, 'the door');

    await enter(sara, server.url, 'axe', 'سارا');
    await check(sara, 'an empty room');
    const ali = await somebody(look);
    await enter(ali, server.url, 'axe', 'Ali');
    await say(ali, "سلام! see https://example.ir و `code`");
    await say(sara, "سلام\n```\nlet a = 1;\n```");
    await expect(message(sara, 'see')).toBeVisible();
    await sara.getByText('پنج گام هر گفت‌وگو').click();
    await check(sara, 'a conversation');

    await sara.getByRole('button', { name: 'هم‌رسانی' }).first().click();
    await check(sara, 'sharing');
    await sara.keyboard.press('Escape');

    await server.kill();
    await expect(sara.locator('.talk > .notice')).toBeVisible();
    await say(sara, 'قطع');
    await check(sara, 'disconnected');
  });
}

test('the keyboard reaches everything, in order', async ({ server, somebody }) => {
  const page = await somebody();
  await enter(page, server.url, 'keyboard', 'سارا');
  await expect(page.getByLabel('متن پیام')).toBeFocused();
  await page.keyboard.type('با صفحه‌کلید');
  const send = page.getByRole('button', { name: 'فرستادن', exact: true });
  await expect(send).toBeEnabled();
  await page.keyboard.press('Tab');
  await expect(send).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(message(page, 'با صفحه‌کلید')).toBeVisible();
  await expect(page.getByLabel('متن پیام')).toBeFocused();
});

test('the other theme is one click away and is kept', async ({ server, somebody }) => {
  const page = await somebody({ colorScheme: 'light' });
  await page.goto(server.url);
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();
  await page.getByRole('button', { name: 'پوسته' }).click();
  await expect.poll(ground).not.toBe(light);
  const dark = await ground();
  await page.reload({ waitUntil: 'commit' });
  await expect.poll(ground).toBe(dark);
});
