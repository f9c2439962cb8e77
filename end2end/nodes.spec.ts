// One room on two servers that share it over an engine: what is said on one is seen on the other, and the end of
// one of them costs nobody anything.

import type { Page } from '@playwright/test';

import { Engine } from './fixtures/engine.ts';
import { Server } from './fixtures/server.ts';
import { expect, test as base } from './fixtures/test.ts';
import { composer, enter, joined, log, message, people, say, status } from './room.ts';

const program = Engine.program();
if (!program) console.warn('SKIPPED: nodes.spec.ts: no redis-server on this machine; apt-get install redis-server, or set OTAGH_REDIS');

const test = base.extend<{ nodes: [Server, Server] }>({
  nodes: async ({ serverOptions }, use, info) => {
    const engine = await Engine.start(program!);
    const start = () => Server.start([...serverOptions, '--engine', engine.url]);
    const nodes: [Server, Server] = [await start(), await start()];
    await use(nodes);
    await Promise.all(nodes.map((node) => node.stop()));
    await engine.stop();
    if (info.status === info.expectedStatus) return;
    for (const { url, output } of nodes) await info.attach(`output of ${url}`, { body: output, contentType: 'text/plain' });
  },
  // Pages of whose address nothing is said are the first one's.
  server: async ({ nodes }, use) => use(nodes[0]),
});

test.skip(!program, 'no engine on this machine');
test.use({
  // A node is missed after two thirds of it.
  serverOptions: ['--engine-patience', '3s'],
  // Chromium itself prints that a server is gone.
  expectedComplaints: [/WebSocket connection to .* failed/],
});

const row = (page: Page, name: string) => people(page).locator('li', { hasText: name });
const texts = (page: Page) => log(page).locator('.message .text').allTextContents();

/** Sara on the first node, Ali on the second, in one room. */
async function enterBoth([one, other]: [Server, Server], somebody: () => Promise<Page>, room: string): Promise<[Page, Page]> {
  const [sara, ali] = [await somebody(), await somebody()];
  await enter(sara, one.url, room, 'سارا');
  await enter(ali, other.url, room, 'علی');
  return [sara, ali];
}

test('what happens on one node is seen on the other', async ({ nodes, somebody }) => {
  const [sara, ali] = await enterBoth(nodes, somebody, 'both');
  await expect(people(sara).locator('.name')).toHaveText(['سارا', 'علی']);
  await expect(people(ali).locator('.name')).toHaveText(['علی', 'سارا']);
  await composer(sara).pressSequentially('سل');
  await expect(ali.locator('.who-types')).toHaveText('سارا می‌نویسد…');
  await composer(sara).press('Enter');
  await expect(ali.locator('.who-types')).toHaveText('');
  await say(ali, 'سلام سارا');
  for (const page of [sara, ali]) await expect.poll(() => texts(page)).toEqual(['سل', 'سلام سارا']);
  await ali.close();
  await expect(people(sara).locator('.name')).toHaveText(['سارا']);
});

test('a killed node that starts again has lost nothing', async ({ nodes, somebody }) => {
  const [sara, ali] = await enterBoth(nodes, somebody, 'killed');
  await say(sara, 'پیش از قطعی');
  await expect(message(ali, 'پیش از قطعی')).toBeVisible();

  await nodes[0].kill();
  await expect(sara.locator('.talk > .notice')).toContainText('تلاش دوباره تا');
  await expect(status(sara)).toHaveText('قطع شد');
  await say(sara, 'در زمان قطعی');
  await expect(message(sara, 'در زمان قطعی')).toHaveAttribute('data-state', 'sending');
  await expect(row(ali, 'سارا')).toHaveAttribute('data-away', { timeout: 10_000 });
  await say(ali, 'کجایی؟');
  await expect(message(ali, 'کجایی؟').getByText('فرستاده شد')).toBeAttached();

  await nodes[0].restart();
  await expect(status(sara)).toHaveText('وصل', { timeout: 15_000 });
  for (const page of [sara, ali]) {
    await expect.poll(() => texts(page)).toEqual(['پیش از قطعی', 'کجایی؟', 'در زمان قطعی']);
    // The same life of the room: it says that nothing is missing.
    await expect(log(page).locator('.gap')).toHaveCount(0);
  }
  await expect(row(ali, 'سارا')).not.toHaveAttribute('data-away');
});

test.describe('with a short resume window', () => {
  test.use({ serverOptions: ['--engine-patience', '3s', '--resume-window', '4s'] });

  test('whoever was on a killed node is away, then gone', async ({ nodes, somebody }) => {
    const [, ali] = await enterBoth(nodes, somebody, 'gone');
    await nodes[0].kill();
    await expect(row(ali, 'سارا')).toHaveAttribute('data-away', { timeout: 10_000 });
    await expect(people(ali).locator('.name')).toHaveText(['علی'], { timeout: 10_000 });
    await joined(ali);
  });
});

test('the journey of a message goes by the log', async ({ nodes, somebody }) => {
  const [sara, ali] = await enterBoth(nodes, somebody, 'logged');
  await sara.getByRole('button', { name: 'زیر ذره‌بین' }).click();
  const panel = sara.locator('#xray');
  await panel.getByRole('tab', { name: 'مسیر پیام' }).click();
  await joined(sara);
  await say(sara, 'از راه لاگ');
  await expect(message(ali, 'از راه لاگ')).toBeVisible();
  const picture = panel.locator('.swimlane');
  await expect(picture.locator('.lane-name')).toHaveText(['مرورگر شما', 'سرور', 'لاگ مشترک', 'اتاق', 'سوکت‌ها']);
  await expect(picture).toContainText('از لاگ برگشت؛ شماره‌ی ۱');
  await expect(panel.locator('.time').last().locator('li')).toHaveText([/^رفت‌وبرگشت لاگ /, /^تا آخرین سوکت /]);
  // Of two members one is elsewhere.
  await expect(panel.locator('.journey .verdict')).toContainText('در این سرور به ۱ سوکت سپرده شد؛');
  for (const width of [390, 360]) {
    await sara.setViewportSize({ width, height: 844 });
    const faults = await picture.evaluate((picture: SVGSVGElement) => {
      const box = picture.getBoundingClientRect();
      return [...picture.querySelectorAll('text')].filter((text) => {
        const { left, right } = text.getBoundingClientRect();
        const size = Number.parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM()!.a;
        return size < 12 || left < box.left - 1 || right > box.right + 1;
      }).map((text) => text.textContent);
    });
    expect(faults, `too small or cut off at ${width}`).toEqual([]);
  }
});
