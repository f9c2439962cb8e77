// Networks that let HTTP through and no WebSocket. The page goes on by HTTP, says so, and is back by
// WebSocket when it can be.

import type { Page } from '@playwright/test';

import { Member } from './fixtures/member.ts';
import { expect, test } from './fixtures/test.ts';
import { enter, joined, log, message, people, say, status } from './room.ts';

test.use({
  serverOptions: ['--messages-per-second', '0'],
  // Chromium itself prints that a connection is gone.
  expectedComplaints: [/WebSocket connection to .* failed/],
});

const notice = (page: Page) => page.locator('.talk > .notice');
const gap = (page: Page) => log(page).locator('.gap');
const texts = (page: Page) => page.locator('.message .text');
const way = (page: Page) => page.locator('.link-state .way');
const numbered = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => `پیام ${from + n}.`);

/** In the room, though no WebSocket is: it may take as long as two attempts that hang. */
async function joinedByHttp(page: Page): Promise<void> {
  await expect(way(page)).toHaveText('HTTP', { timeout: 20_000 });
  await joined(page);
}

/** Comes by the front door, whatever the network. */
async function come(page: Page, url: string, room: string, name: string): Promise<void> {
  await page.goto(url);
  await page.evaluate((name) => sessionStorage.setItem('otagh:name', name), name);
  await page.goto(`${url}/r/${room}`);
}

for (const upgrades of ['reset', 403, 426, 502, 'http/1.0', 'silence', 'swallow'] as const) {
  test(`where an upgrade is met with ${upgrades}, the conversation goes by HTTP`, async ({ server, network, somebody }) => {
    test.slow();
    network.upgrades = upgrades;
    const sara = await somebody();
    const ali = await Member.join(server.url, 'blocked', 'علی');
    await come(sara, network.url, 'blocked', 'سارا');
    await joinedByHttp(sara);
    await expect(notice(sara)).toContainText('این شبکه راه WebSocket را می‌بندد');
    await expect(notice(sara).getByRole('link')).toHaveAttribute('href', '/classic/blocked');

    await expect(people(sara).locator('.name')).toHaveText(['سارا', 'علی']);
    ali.say(...numbered(1, 20));
    await expect(texts(sara)).toHaveText(numbered(1, 20));
    await say(sara, 'از راه HTTP');
    await expect(message(sara, 'از راه HTTP').getByText('فرستاده شد')).toBeAttached();
    await ali.hears((msg) => msg.text === 'از راه HTTP');

    // The page is left: that is a goodbye, as with a WebSocket.
    await sara.goto('about:blank');
    await ali.hears((msg) => msg.left?.length === 1);
  });
}

test('a WebSocket that is lost goes on by HTTP and comes back, without gap or repetition', async ({ server, network, somebody }) => {
  test.slow();
  const sara = await somebody();
  const ali = await Member.join(server.url, 'moves', 'علی');
  await enter(sara, network.url, 'moves', 'سارا');
  await expect(way(sara)).toBeHidden();
  ali.say(...numbered(1, 5));
  await expect(texts(sara)).toHaveText(numbered(1, 5));

  network.upgrades = 403;
  network.cut();
  ali.say(...numbered(6, 10));
  await say(sara, 'در راه');
  await joinedByHttp(sara);
  await expect(message(sara, 'در راه').getByText('فرستاده شد')).toBeAttached();
  ali.say(...numbered(11, 15));
  await expect(texts(sara)).toHaveText([...numbered(1, 10), 'در راه', ...numbered(11, 15)]);

  // Said while the page goes back, which nobody notices.
  network.upgrades = 'pass';
  await notice(sara).getByRole('button', { name: 'تلاش دوباره' }).click();
  ali.say(...numbered(16, 40));
  await expect(way(sara)).toBeHidden({ timeout: 20_000 });
  await joined(sara);
  await expect(notice(sara)).toBeHidden();
  await say(sara, 'باز از راه WebSocket');
  await expect(texts(sara)).toHaveText([...numbered(1, 10), 'در راه', ...numbered(11, 40), 'باز از راه WebSocket']);
  await expect(gap(sara)).toHaveCount(0);
  const told = ali.heard.filter((msg) => msg.left?.length);
  expect(told, 'she never left').toEqual([]);
  expect(ali.texts().filter((text) => text === 'در راه')).toHaveLength(1);
});

test('a conversation by HTTP survives cuts, a silent network and a reload', async ({ server, network, somebody }) => {
  test.slow();
  network.upgrades = 403;
  const sara = await somebody();
  const ali = await Member.join(server.url, 'cuts', 'علی');
  await come(sara, network.url, 'cuts', 'سارا');
  await joinedByHttp(sara);
  for (let cuts = 0; cuts < 5; cuts++) {
    ali.say(...numbered(cuts * 10 + 1, cuts * 10 + 10));
    network.cut();
    await say(sara, `گفته‌ی ${cuts}`);
    await expect(message(sara, `گفته‌ی ${cuts}`).getByText('فرستاده شد')).toBeAttached({ timeout: 20_000 });
  }
  // A proxy that answers nothing any more, until it does.
  network.newcomers = 'silence';
  network.swallow('both');
  await say(sara, 'در سکوت');
  await expect(notice(sara)).toContainText('پاسخی نرسید', { timeout: 15_000 });
  ali.say('پایان');
  network.newcomers = 'pass';
  await sara.evaluate(() => window.dispatchEvent(new Event('online')));
  await joinedByHttp(sara);
  await expect(message(sara, 'در سکوت').getByText('فرستاده شد')).toBeAttached();
  const all = await texts(sara).allTextContents();
  expect(all.filter((text) => text.startsWith('پیام'))).toEqual(numbered(1, 50));
  expect(new Set(all).size, 'each once').toBe(all.length);
  await expect(gap(sara)).toHaveCount(0);

  // A reload does not begin with attempts that fail.
  const { tried } = network;
  await sara.reload();
  await joinedByHttp(sara);
  await expect(texts(sara)).toHaveText(all);
  expect(network.tried - tried).toBeLessThanOrEqual(1);
});

test('who refuses the page is not taken for a network that refuses WebSockets', async ({ network, somebody }) => {
  const sara = await somebody();
  // The server is asked by another name than it goes by, and by a page it does not know.
  await sara.route(/\/http\//, (route) => route.fulfill({
    status: 403,
    contentType: 'application/json',
    body: '{"type":"closed","code":1008,"reason":"policy_violation"}',
  }));
  network.upgrades = 403;
  await come(sara, network.url, 'refused', 'سارا');
  await expect(notice(sara)).toContainText('سرور این نشانی را نمی‌پذیرد', { timeout: 15_000 });
  await expect(status(sara)).toHaveText('بسته شد');
});

test('a server that is down is not taken for such a network, either', async ({ server, network, somebody }) => {
  // The waits between attempts are drawn by lot.
  test.slow();
  const sara = await somebody();
  await enter(sara, network.url, 'down', 'سارا');
  await server.kill();
  await expect(notice(sara)).toContainText('اتصال قطع شد');
  const { tried } = network;
  await expect.poll(() => network.tried - tried, { timeout: 45_000 }).toBeGreaterThanOrEqual(3);
  await expect(notice(sara)).not.toContainText('WebSocket');
  await server.restart();
  await expect(status(sara)).toHaveText('وصل', { timeout: 20_000 });
  await expect(way(sara)).toBeHidden();
});

test('the notice can be put away, and says no more', async ({ network, somebody }) => {
  network.upgrades = 403;
  const sara = await somebody();
  await come(sara, network.url, 'put-away', 'سارا');
  await joinedByHttp(sara);
  await notice(sara).getByRole('button', { name: 'بستن' }).click();
  await expect(notice(sara)).toBeHidden();
  await expect(way(sara)).toBeVisible();
});
