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

/** The same, where each second of the page's time also has time for what the network does meanwhile. */
async function passSlowly(page: Page, seconds: number, until: () => Promise<boolean>): Promise<number> {
  for (let passed = 0; passed <= seconds; passed++) {
    const holds = await expect.poll(until, { timeout: 1_500 }).toBe(true).then(() => true, () => false);
    if (holds) return passed;
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

/** Joined by itself: after a wait that is drawn by lot, of 15 s at most. */
const joinedInTime = (page: Page) => expect(status(page)).toHaveText('وصل', { timeout: 20_000 });

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
    // A second at a time: a pong that comes while the clock leaps would make a round trip of seconds.
    for (let second = 0; second < 10; second++) await sara.clock.runFor(1_000);
    await expect.poll(() => pongs).toBeGreaterThanOrEqual(pings);
  }
  await expect(status(sara)).toHaveText('وصل');
  expect(network.tried).toBe(1);

  // A message that waits is reason to doubt, and nobody answers at another connection either.
  network.newcomers = 'silence';
  network.swallow('both');
  ali.say('کسی می‌شنود؟');
  await pause(sara);
  await say(sara, 'من نه');
  const passed = await pass(sara, 30, () => notice(sara).isVisible());
  expect(passed, 'seconds until the page noticed').toBeLessThanOrEqual(9);
  await expect(notice(sara)).toContainText('مدتی پاسخی نرسید');
  await expect(message(sara, 'من نه')).toHaveAttribute('data-state', 'sending');

  network.newcomers = 'pass';
  await sara.clock.resume();
  await joinedInTime(sara);
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
  await pass(sara, 3, () => notice(sara).isVisible());
  await pass(sara, 5, async () => network.tried === 2);
  const passed = await pass(sara, 20, async () => network.tried === 3);
  expect(passed, 'seconds until the page gave up').toBeLessThanOrEqual(14);
  await expect(notice(sara), 'all the time').toBeVisible();
  network.newcomers = 'pass';
  await sara.clock.resume();
  await joinedInTime(sara);
});

/** Somebody comes back to the page, or the device to a network. */
const look = (page: Page, event: string) =>
  page.evaluate((event) => {
    const target: EventTarget = event === 'visibilitychange' ? document : window;
    target.dispatchEvent(new Event(event));
  }, event);

for (const event of ['online', 'visibilitychange', 'pageshow', 'focus']) {
  test(`${event} while an opening hangs brings one in within three seconds`, async ({ network, somebody }) => {
    const sara = await somebody();
    await sara.clock.install();
    await enter(sara, network.url, 'hangs', 'سارا');
    network.newcomers = 'silence';
    await pause(sara);
    network.cut();
    await pass(sara, 5, async () => network.tried === 2);
    // It is looked at while there is nothing to see, too.
    await look(sara, event);
    for (let second = 0; second < 3; second++) await sara.clock.runFor(1_000);
    network.newcomers = 'pass';
    await look(sara, event);
    await passSlowly(sara, 3, async () => (await status(sara).textContent()) === 'وصل');
  });

  test(`a dead socket is noticed within five seconds of ${event}`, async ({ network, somebody }) => {
    const sara = await somebody();
    await sara.clock.install();
    await enter(sara, network.url, 'dead', 'سارا');
    network.newcomers = 'silence';
    network.swallow('both');
    await pause(sara);
    await look(sara, event);
    const passed = await pass(sara, 10, async () => (await status(sara).textContent()) !== 'وصل');
    expect(passed).toBeLessThanOrEqual(5);
    await expect(notice(sara)).toContainText('مدتی پاسخی نرسید');
    network.newcomers = 'pass';
    await look(sara, event);
    await passSlowly(sara, 3, async () => (await status(sara).textContent()) === 'وصل');
  });
}

test('a dead socket where another can be opened is left within three seconds of a look', async ({ server, network, somebody }) => {
  const sara = await somebody();
  await sara.clock.install();
  await enter(sara, network.url, 'moved', 'سارا');
  const ali = await Member.join(server.url, 'moved', 'علی');
  network.swallow('both');
  ali.say('در این میان');
  await pause(sara);
  await look(sara, 'online');
  await passSlowly(sara, 3, async () => (await texts(sara).count()) === 1);
  await expect(status(sara), 'and nothing was shown').toHaveText('وصل');
  await sara.clock.resume();
  await say(sara, 'همین‌جا');
  await ali.hears((msg) => msg.text === 'همین‌جا');
  await expect(gap(sara)).toHaveCount(0);
  expect(ali.heard.filter((msg) => msg.left?.length)).toEqual([]);
});

test('a slow connection that lives is not cut by looks', async ({ server, network, somebody }) => {
  test.slow();
  const sara = await somebody();
  const ali = await Member.join(server.url, 'slow', 'علی');
  await enter(sara, network.url, 'slow', 'سارا');
  // A round trip of two seconds, as on a slow 3G, in which one is always looking: also while it opens.
  network.delay = 1_000;
  network.cut();
  for (let looks = 0; looks < 8; looks++) {
    for (const event of ['online', 'visibilitychange', 'pageshow', 'focus']) await look(sara, event);
    await ali.says(`نگاه ${looks}`);
    await expect(texts(sara)).toHaveCount(looks + 1, { timeout: 15_000 });
  }
  await expect(status(sara)).toHaveText('وصل');
  expect(network.tried, 'it was opened once').toBe(2);
  await expect(sara.locator('.link-state .way')).toBeHidden();
});

test('a state with a message that waits is not shown as well', async ({ network, somebody }) => {
  const sara = await somebody();
  await sara.clock.install();
  await enter(sara, network.url, 'waits-long', 'سارا');
  const link = sara.locator('.link-state');
  await expect(link.locator('.round-trip')).toContainText('میلی‌ثانیه');
  network.newcomers = 'silence';
  network.swallow('down');
  await pause(sara);
  await say(sara, 'می‌رسد؟');
  await expect(link).toHaveAttribute('data-link', 'open');
  const passed = await pass(sara, 5, async () => (await link.getAttribute('data-link')) !== 'open');
  expect(passed).toBeLessThanOrEqual(3);
  await expect(status(sara)).toHaveText('در انتظار پاسخ…');
  await expect(link.locator('.round-trip')).toBeEmpty();
  network.newcomers = 'pass';
  await sara.clock.resume();
  await joinedInTime(sara);
  await expect(message(sara, 'می‌رسد؟').getByText('فرستاده شد')).toBeAttached();
  await expect(link).toHaveAttribute('data-link', 'open');
});

/** Counts, from now on, what a screen reader is told of the connection, and how often the notice is shown. */
async function listen(page: Page): Promise<() => Promise<{ told: string[]; shown: number }>> {
  await page.evaluate(() => {
    const heard = { told: [] as string[], shown: 0 };
    Object.assign(window, { heard });
    const notice = document.querySelector('.talk > .notice')!;
    for (const live of [notice.querySelector('[role=alert]')!, document.querySelector('.link-state [role=status]')!]) {
      let before = live.textContent;
      new MutationObserver(() => {
        if (live.textContent !== before && live.textContent) heard.told.push(live.textContent);
        before = live.textContent;
      }).observe(live, { characterData: true, childList: true, subtree: true });
    }
    let wasHidden = notice.hasAttribute('hidden');
    new MutationObserver(() => {
      const isHidden = notice.hasAttribute('hidden');
      if (wasHidden && !isHidden) heard.shown++;
      wasHidden = isHidden;
    }).observe(notice, { attributes: true });
  });
  return () => page.evaluate(() => (window as unknown as { heard: { told: string[]; shown: number } }).heard);
}

/** Where the text of this message is on the screen. */
const place = (page: Page, text: string) =>
  message(page, text).locator('.text').evaluate((element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const { top, bottom } = range.getClientRects()[0]!;
    return { top, bottom };
  });

test('an interruption is told once, in place, however many attempts it takes', async ({ server, network, somebody }) => {
  for (const viewport of [{ width: 1280, height: 720 }, { width: 390, height: 844 }, { width: 360, height: 640 }]) {
    network.newcomers = 'pass';
    const sara = await somebody({ viewport });
    await sara.clock.install();
    await enter(sara, network.url, `told-${viewport.width}`, 'سارا');
    const ali = await Member.join(server.url, `told-${viewport.width}`, 'علی');
    ali.say(...numbered(1, 40));
    await expect(texts(sara)).toHaveCount(40);
    await expect(message(sara, 'پیام 40.')).toBeInViewport();
    const before = await place(sara, 'پیام 40.');
    const heard = await listen(sara);
    const { tried } = network;
    network.newcomers = 'reset';
    await pause(sara);
    network.cut();
    await pass(sara, 5, () => notice(sara).isVisible());
    for (let second = 0; second < 40; second++) await sara.clock.runFor(1_000);
    expect(network.tried - tried).toBeGreaterThanOrEqual(4);
    expect(await heard()).toEqual({ told: ['قطع شد', 'اتصال قطع شد.'].sort(), shown: 1 });
    // But for what is left of a message's arrival: the strip would move it by 44.
    const after = await place(sara, 'پیام 40.');
    expect(Math.abs(after.top - before.top), 'the conversation does not move').toBeLessThanOrEqual(2);
    const strip = (await notice(sara).boundingBox())!;
    expect(strip.y + strip.height, 'and the newest is not covered').toBeLessThan(before.top);

    // What the notice covers can be scrolled from under it.
    await sara.locator('#scroller').evaluate((scroller) => scroller.scrollTo(0, 0));
    const first = await log(sara).locator('.divider').first().evaluate((row) => row.getBoundingClientRect().top);
    expect(first).toBeGreaterThanOrEqual(strip.y + strip.height);
    await sara.close();
  }
});

test('a hiccup shows nothing at all', async ({ server, network, somebody }) => {
  const sara = await somebody();
  await enter(sara, network.url, 'hiccup', 'سارا');
  const ali = await Member.join(server.url, 'hiccup', 'علی');
  const heard = await listen(sara);
  for (let cuts = 1; cuts <= 5; cuts++) {
    network.cut();
    await expect.poll(() => network.tried).toBe(cuts + 1);
    await ali.says(`پس از ${cuts}`);
    await expect(texts(sara)).toHaveCount(cuts);
  }
  expect(await heard()).toEqual({ told: [], shown: 0 });
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
