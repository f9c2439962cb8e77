// axe on every page and state, light and dark: no violations of WCAG 2.2 A and AA.

import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

import { Conversation, TALKATIVE } from './fixtures/conversation.ts';
import { Member } from './fixtures/member.ts';
import { expect, test } from './fixtures/test.ts';
import { enter, enterByLink, joined, log, message, say } from './room.ts';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function check(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join('\n  ')}`);
  expect(told, where).toEqual([]);
}

// Chromium itself prints that a server is gone.
test.use({ expectedComplaints: [/WebSocket connection to .* failed|status of 400 .*\/go\?/] });

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
    await check(sara, 'a conversation');

    await sara.getByRole('button', { name: 'هم‌رسانی' }).first().click();
    await check(sara, 'sharing');
    await sara.getByRole('button', { name: 'کد تمام‌صفحه' }).click();
    await check(sara, 'the code for a class');
    await sara.keyboard.press('Escape');
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
  await page.getByRole('button', { name: 'ظاهر' }).click();
  await expect.poll(ground).not.toBe(light);
  const dark = await ground();
  await page.reload({ waitUntil: 'commit' });
  await expect.poll(ground).toBe(dark);
});

for (const [device, names] of [
  ['light', ['خودکار', 'تیره', 'روشن', 'خودکار']],
  ['dark', ['خودکار', 'روشن', 'تیره', 'خودکار']],
] as const) {
  test(`the theme's button says which it is, on a ${device} device`, async ({ server, somebody }) => {
    const page = await somebody({ colorScheme: device });
    for (const path of ['/', '/r/theme', '/workbench']) {
      await page.goto(server.url + path);
      const button = page.locator('.theme');
      for (const [at, name] of names.entries()) {
        await expect(button, `${path}, ${at}`).toHaveAttribute('aria-label', `ظاهر: ${name}`);
        if (at < 3) await button.click();
      }
      // The device decides again, of the next page too.
      await page.reload();
      await expect(button).toHaveAttribute('aria-label', 'ظاهر: خودکار');
      await expect(page.locator('html')).not.toHaveAttribute('data-theme');
    }
  });
}

/**
 * What a screen reader says by itself: what is added to live regions (WAI-ARIA 1.2 §6.7.2), from the
 * page's beginning on. The nearest region around a node decides, by `aria-live` or by its role.
 */
async function hearing(page: Page): Promise<() => Promise<string[]>> {
  await page.addInitScript(() => {
    const heard: string[] = [];
    Object.assign(window, { heard });
    const isHeard = (node: Node | null): boolean => {
      const near = node instanceof Element ? node : node?.parentElement;
      const region = near?.closest('[aria-live], [role=log], [role=status], [role=alert]');
      return !!region && region.getAttribute('aria-live') !== 'off' && !region.closest('[hidden], [inert]');
    };
    // An alert is said when it comes, wherever it comes.
    const spoken = (node: Node): string[] => {
      if (isHeard(node)) return [node.textContent ?? ''];
      const regions = node instanceof Element ? [...node.querySelectorAll('[aria-live]:not([aria-live=off]), [role=alert]')] : [];
      return regions.map((region) => region.textContent ?? '');
    };
    const observer = new MutationObserver((changes) => {
      for (const { type, target, addedNodes } of changes) {
        const nodes = type === 'childList' ? [...addedNodes] : [target];
        heard.push(...nodes.flatMap(spoken).filter((text) => text.trim()));
      }
    });
    addEventListener('DOMContentLoaded', () =>
      observer.observe(document, { childList: true, characterData: true, subtree: true }),
    );
  });
  return () => page.evaluate(() => (window as unknown as { heard: string[] }).heard);
}

test.describe('what a screen reader says', () => {
  test('others are heard once, oneself never', async ({ server, somebody }) => {
    const sara = await somebody();
    const heard = await hearing(sara);
    await enterByLink(sara, server.url, 'aloud', 'سارا');
    const ali = await Member.join(server.url, 'aloud', 'علی');
    await say(sara, 'من می‌گویم');
    await expect(message(sara, 'من می‌گویم').getByText('فرستاده شد')).toBeAttached();
    for (const text of ['یک', 'دو', 'سه']) {
      await ali.says(text);
      await expect.poll(async () => (await heard()).join('\n')).toContain(`علی: ${text}`);
    }
    ali.say('چهار', 'پنج');
    await expect.poll(async () => (await heard()).join('\n')).toContain('علی: پنج');
    const said = (await heard()).join('\n');
    expect(said).not.toContain('من می‌گویم');
    expect(said.match(/علی: \S+?(?=علی|$)/gmu)).toEqual(['یک', 'دو', 'سه', 'چهار', 'پنج'].map((text) => `علی: ${text}`));
    ali.close();
  });

  test.describe('in a long conversation', () => {
    test.use({ serverOptions: TALKATIVE });

    test('a reload and scrolling announce nothing old', async ({ server, somebody }) => {
      const sara = await somebody();
      const heard = await hearing(sara);
      await enterByLink(sara, server.url, 'old', 'سارا');
      const others = await Conversation.join(server.url, 'old');
      await others.talkUntil(300);
      await expect(message(sara, others.newest)).toBeVisible();
      await expect.poll(async () => (await heard()).join('\n')).toContain('پیام تازه');
      // A flood is counted, and not read out.
      expect((await heard()).length).toBeLessThan(20);

      await sara.reload();
      await joined(sara);
      await expect(message(sara, others.newest)).toBeVisible();
      await log(sara).evaluate((scroller) => scroller.scrollTo(0, 0));
      await expect(sara.getByRole('button', { name: 'رفتن به تازه‌ترین پیام' })).toBeVisible();
      await log(sara).evaluate((scroller) => scroller.scrollTo(0, scroller.scrollHeight));
      // What is new is heard, and it is the only thing that is.
      others.say();
      await expect.poll(async () => (await heard()).join('\n')).toContain(others.newest);
      expect((await heard()).filter((text) => text.includes('#') && !text.includes(others.newest))).toEqual([]);
      others.leave();
    });
  });

  test.describe('of a refused message', () => {
    test.use({ serverOptions: ['--text-max', '10'] });

    test('a refusal is heard, and only once', async ({ server, somebody }) => {
      const sara = await somebody();
      const heard = await hearing(sara);
      await enterByLink(sara, server.url, 'refusal', 'سارا');
      await say(sara, 'بیش از اندازه بلند');
      const refusals = async () => (await heard()).filter((text) => text.includes('فرستاده نشد'));
      await expect.poll(refusals).toEqual([expect.stringContaining('پیام بلندتر از اندازه است')]);
      await sara.reload();
      await joined(sara);
      const ali = await Member.join(server.url, 'refusal', 'علی');
      await ali.says('بعد');
      await expect.poll(async () => (await heard()).join('\n')).toContain('علی: بعد');
      expect(await refusals()).toEqual([]);
      await sara.getByRole('button', { name: 'دوباره فرستادن این پیام' }).click();
      await expect.poll(async () => (await refusals()).length).toBe(1);
      ali.close();
    });
  });
});
