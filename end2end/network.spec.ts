// A network that breaks in the middle of things. Nobody touches the page: it notices, says so,
// comes back, and nothing is missing, doubled, or pretended.

import type { Page } from '@playwright/test';

import { Member } from './fixtures/member.ts';
import { expect, test } from './fixtures/test.ts';
import { composer, enter, joined, log, message, people, say, status } from './room.ts';

test.use({
  // How fast one may speak is another test's business.
  serverOptions: ['--messages-per-second', '0'],
  // Chromium itself prints that a connection is gone.
  expectedComplaints: [/WebSocket connection to .* failed/],
});

const notice = (page: Page) => page.locator('.talk > .notice');
const gap = (page: Page) => log(page).locator('.gap');
const texts = (page: Page) => page.locator('.message .text');
const numbered = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => `پیام ${from + n}.`);

/** Stops the page's clock: what it says for one second cannot come and go between two looks. */
const pause = async (page: Page) => page.clock.pauseAt(await page.evaluate(() => Date.now() + 1_000));

/** Lets this much time pass for a page whose clock is stopped, a second at a time, until `until` holds. */
async function pass(page: Page, seconds: number, until: () => Promise<boolean>): Promise<number> {
  for (let passed = 0; passed <= seconds; passed++) {
    if (await until()) return passed;
    await page.clock.runFor(1_000);
  }
  throw new Error(`not within ${seconds} s of the page's time`);
}

test('cut after cut within a frame, in a flood, and every message is there once and in order', async ({ server, network, somebody }) => {
  const sara = await somebody();
  await enter(sara, network.url, 'flood', 'سارا');
  const ali = await Member.join(server.url, 'flood', 'علی');
  const all = numbered(1, 150);
  for (let cuts = 0; cuts < 5; cuts++) {
    const flood = all.slice(cuts * 30, cuts * 30 + 30);
    const cut = network.cutWithin(flood[10]!);
    ali.say(...flood);
    await cut;
    await expect.poll(() => network.tried).toBe(cuts + 2);
    await joined(sara);
  }
  await expect(texts(sara)).toHaveText(all);
  await expect(gap(sara)).toHaveCount(0);
});

test('what one says meanwhile waits in sight, outlives a reload, and is said once', async ({ server, network, somebody }) => {
  const sara = await somebody();
  await enter(sara, network.url, 'waits', 'سارا');
  const ali = await Member.join(server.url, 'waits', 'علی');
  ali.say('پیش از قطعی');
  await expect(message(sara, 'پیش از قطعی')).toBeVisible();

  network.newcomers = 'reset';
  network.cut();
  await expect(notice(sara)).toContainText('اتصال قطع شد');
  await ali.hears((msg) => msg.changed?.[0]?.away === true);
  await say(sara, 'در زمان قطعی');
  await expect(message(sara, 'در زمان قطعی')).toHaveAttribute('data-state', 'sending');
  ali.say(...numbered(1, 20));
  await sara.reload();
  await expect(notice(sara)).toBeVisible();
  await expect(message(sara, 'در زمان قطعی')).toHaveAttribute('data-state', 'sending');

  network.newcomers = 'pass';
  await joined(sara);
  await expect(message(sara, 'در زمان قطعی').getByText('فرستاده شد')).toBeAttached();
  await expect(texts(sara)).toHaveText(['پیش از قطعی', ...numbered(1, 20), 'در زمان قطعی']);
  await expect(gap(sara)).toHaveCount(0);
  await ali.hears((msg) => msg.changed?.[0]?.name === 'سارا' && !msg.changed[0].away);
  ali.say('پایان');
  await ali.hears((msg) => msg.text === 'پایان');
  expect(ali.texts().filter((text) => text === 'در زمان قطعی')).toHaveLength(1);
});

test('a message that arrived, but whose echo was lost, is not said twice', async ({ server, network, somebody }) => {
  const sara = await somebody();
  await enter(sara, network.url, 'echo', 'سارا');
  const ali = await Member.join(server.url, 'echo', 'علی');
  await expect(people(sara).locator('.name')).toHaveCount(2);
  network.swallow('down');
  await say(sara, 'رسید یا نه؟');
  await ali.hears((msg) => msg.text === 'رسید یا نه؟');
  await expect(message(sara, 'رسید یا نه؟')).toHaveAttribute('data-state', 'sending');
  network.cut();
  await expect(message(sara, 'رسید یا نه؟').getByText('فرستاده شد')).toBeAttached();
  await expect(texts(sara)).toHaveText(['رسید یا نه؟']);
  await say(sara, 'رسید');
  await ali.hears((msg) => msg.text === 'رسید');
  expect(ali.texts()).toEqual(['رسید یا نه؟', 'رسید']);
});

test('a server that says nothing any more is noticed, and a quiet room is not', async ({ server, network, somebody }) => {
  const sara = await somebody();
  let pongs = 0;
  sara.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => (pongs += Number(payload.includes('"pong"')))),
  );
  await sara.clock.install();
  await enter(sara, network.url, 'silence', 'سارا');
  const ali = await Member.join(server.url, 'silence', 'علی');
  await expect(people(sara).locator('.name')).toHaveCount(2);

  // Two minutes in which nobody speaks: the pongs are enough.
  for (let pings = pongs + 1; pings <= 12; pings++) {
    await sara.clock.runFor(10_000);
    await expect.poll(() => pongs).toBeGreaterThanOrEqual(pings);
  }
  await expect(status(sara)).toHaveText('وصل');
  expect(network.tried).toBe(1);

  network.swallow('both');
  ali.say('کسی می‌شنود؟');
  await say(sara, 'من نه');
  await pause(sara);
  const passed = await pass(sara, 30, () => notice(sara).isVisible());
  expect(passed, 'seconds until the page noticed').toBeLessThanOrEqual(24);
  await expect(notice(sara)).toContainText('مدتی پاسخی نرسید');
  await expect(message(sara, 'من نه')).toHaveAttribute('data-state', 'sending');

  await sara.clock.resume();
  await joined(sara);
  await expect(texts(sara)).toHaveText(['کسی می‌شنود؟', 'من نه']);
  await ali.hears((msg) => msg.text === 'من نه');
  await expect(gap(sara)).toHaveCount(0);
});

test('a socket that never opens is given up, and tried again', async ({ network, somebody }) => {
  const sara = await somebody();
  await sara.clock.install();
  await enter(sara, network.url, 'never', 'سارا');
  network.newcomers = 'silence';
  await pause(sara);
  network.cut();
  await expect(notice(sara)).toBeVisible();
  await pass(sara, 5, async () => (await status(sara).textContent()) === 'در حال اتصال…');
  const passed = await pass(sara, 20, () => notice(sara).isVisible());
  expect(passed, 'seconds until the page gave up').toBeLessThanOrEqual(12);
  network.newcomers = 'pass';
  await sara.clock.resume();
  await joined(sara);
});

test.describe('with a server that pings often', () => {
  test.use({
    serverOptions: ['--messages-per-second', '0', '--ping-interval', '500ms', '--ping-deadline', '500ms'],
  });

  test('a page that cannot be heard is away for the others, and comes back', async ({ server, network, somebody }) => {
    const sara = await somebody();
    const ali = await somebody();
    await enter(ali, server.url, 'unheard', 'علی');
    await enter(sara, network.url, 'unheard', 'سارا');
    const row = people(ali).locator('li', { hasText: 'سارا' });
    await expect(row).toBeVisible();
    network.newcomers = 'reset';
    network.swallow('up');
    await say(sara, 'می‌شنوید؟');
    await expect(row).toContainText('اتصالش قطع شده');
    await expect(row).toHaveAttribute('data-away');
    await expect(notice(sara)).toBeVisible();
    await expect(message(sara, 'می‌شنوید؟')).toHaveAttribute('data-state', 'sending');
    network.newcomers = 'pass';
    await joined(sara);
    await expect(message(ali, 'می‌شنوید؟')).toHaveCount(1);
    await expect(row).not.toHaveAttribute('data-away');
  });
});

test('one tab of two that is cut makes nobody away', async ({ server, network, somebody }) => {
  const first = await somebody();
  const ali = await somebody();
  await enter(ali, server.url, 'two-tabs', 'علی');
  await enter(first, network.url, 'two-tabs', 'سارا');
  // As "duplicate tab" does: the same storage, at another tab.
  const kept = await first.evaluate(() => ({ ...sessionStorage }));
  const second = await first.context().newPage();
  // Past the bad network: another address, so another origin, and a network of its own.
  await second.goto(server.url);
  await second.evaluate((kept) => Object.assign(sessionStorage, kept), kept);
  await second.goto(`${server.url}/r/two-tabs`);
  await joined(second);
  const row = people(ali).locator('li', { hasText: 'سارا' });
  await expect(row).toContainText('در ۲ زبانه');

  network.newcomers = 'reset';
  network.cut();
  await expect(notice(first)).toBeVisible();
  await expect(row).not.toContainText('زبانه');
  await expect(row).not.toHaveAttribute('data-away');
  await say(second, 'از زبانه‌ی دوم');
  await expect(message(ali, 'از زبانه‌ی دوم')).toHaveCount(1);

  network.newcomers = 'pass';
  await joined(first);
  await expect(row).toContainText('در ۲ زبانه');
  await expect(message(first, 'از زبانه‌ی دوم')).toHaveCount(1);
  await expect(gap(first)).toHaveCount(0);
});

test.describe('with a room that remembers three messages', () => {
  test.use({ serverOptions: ['--messages-per-second', '0', '--history-messages', '3'] });

  test('what is gone is marked where it was, and only there', async ({ server, network, somebody }) => {
    const sara = await somebody();
    await enter(sara, network.url, 'rolled', 'سارا');
    const ali = await Member.join(server.url, 'rolled', 'علی');
    const rows = log(sara).locator('.message .text, .gap');
    const GAP = 'شاید پیام‌هایی را در زمان قطعی از دست داده باشید.';
    ali.say('یک');
    await expect(rows).toHaveText(['یک']);

    // Three are remembered: nothing is missing, and nothing says so.
    const away = async (meanwhile: string[]) => {
      network.newcomers = 'reset';
      network.cut();
      await expect(notice(sara)).toBeVisible();
      ali.say(...meanwhile);
      await ali.hears((msg) => msg.text === meanwhile.at(-1));
      network.newcomers = 'pass';
      await joined(sara);
    };
    await away(['دو', 'سه', 'چهار']);
    await expect(rows).toHaveText(['یک', 'دو', 'سه', 'چهار']);

    await away(numbered(5, 8));
    ali.say('نه');
    await expect(rows).toHaveText(['یک', 'دو', 'سه', 'چهار', GAP, 'نه']);

    // A server that was killed begins anew, and says so too.
    await server.kill();
    await expect(notice(sara)).toBeVisible();
    await say(sara, 'کسی هست؟');
    await server.restart();
    await joined(sara);
    await expect(rows).toHaveText(['یک', 'دو', 'سه', 'چهار', GAP, 'نه', GAP, 'کسی هست؟']);
  });
});

test('a hundred messages may wait; the next stays with its author, who is told', async ({ network, somebody }) => {
  const sara = await somebody();
  await enter(sara, network.url, 'full', 'سارا');
  network.newcomers = 'reset';
  network.cut();
  await expect(notice(sara)).toBeVisible();
  await composer(sara).evaluate((field: HTMLTextAreaElement, texts) => {
    for (const text of texts) {
      field.value = text;
      field.dispatchEvent(new Event('input', { bubbles: true }));
      field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
    }
  }, numbered(1, 100));
  const told = sara.locator('.composer').getByRole('alert');
  await expect(texts(sara)).toHaveText(numbered(1, 100));
  await expect(told).toBeEmpty();
  await say(sara, 'یکی دیگر');
  await expect(told).toContainText('۱۰۰ پیام در صف است');
  await expect(composer(sara)).toHaveValue('یکی دیگر');

  network.newcomers = 'pass';
  // By now the page waits long between attempts; but it may be back before the click.
  await sara.getByRole('button', { name: 'همین حالا' }).click({ timeout: 2_000 }).catch(() => undefined);
  await joined(sara);
  await expect(told).toBeEmpty();
  await composer(sara).press('Enter');
  await expect(composer(sara)).toHaveValue('');
  await expect(texts(sara)).toHaveText([...numbered(1, 100), 'یکی دیگر']);
});
