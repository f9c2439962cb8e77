// The same room by five ways: what is said by one is heard by all, and each is counted.

import AxeBuilder from '@axe-core/playwright';
import type { Page, Request, WebSocketRoute } from '@playwright/test';

import { Proxy } from './fixtures/proxy.ts';
import { expect, test } from './fixtures/test.ts';
import { enter, message, say } from './room.ts';

const way = (page: Page, token: string) => page.locator(`.way[data-way=${token}]`);
const figure = (page: Page, token: string, name: 'requests' | 'headers' | 'payload' | 'silence' | 'median') =>
  way(page, token).locator(`td[data-figure=${name}]`);
/** The messages that came by this way, the newest first. */
const heard = (page: Page, token: string) =>
  page.locator('.messages tbody tr').filter({ has: page.locator(`[data-by=${token}][data-came]`) });

/** A number as the page writes it. */
function number(text: string): number {
  const latin = text.replace(/[۰-۹]/g, (digit) => String('۰۱۲۳۴۵۶۷۸۹'.indexOf(digit)));
  return Number(latin.replace(/[^0-9]/g, ''));
}

test('what is said by each way is heard by all, and costs are counted', async ({ server, somebody }) => {
  test.slow();
  const ali = await somebody();
  await enter(ali, server.url, 'ways', 'علی');
  const sara = await somebody();
  await sara.goto(`${server.url}/ways/ways`);
  for (const name of ['سرکشی', 'سرکشی بلند', 'WebSocket', 'رویدادهای سرور', 'HTTP کلاسیک']) {
    await expect(ali.locator('#people .roster')).toContainText(name);
  }
  const tokens = ['socket', 'poll', 'long-poll', 'events', 'classic'];
  for (const token of tokens) {
    await sara.getByLabel('از راه').selectOption(token);
    await sara.getByLabel('پیام', { exact: true }).fill(`از ${token} به همه`);
    await sara.getByRole('button', { name: 'ارسال' }).click();
    await expect(message(ali, `از ${token} به همه`)).toBeVisible();
  }
  await say(ali, 'از اتاق');
  await expect(message(ali, 'از اتاق')).toBeVisible();
  await sara.getByRole('button', { name: 'تازه‌سازی' }).click();
  for (const listener of tokens) {
    const came = heard(sara, listener);
    for (const token of tokens) {
      await expect(came.filter({ hasText: `از ${token} به همه` }), listener).toHaveCount(1);
    }
    await expect(came.filter({ hasText: 'از اتاق' }), listener).toHaveCount(1);
  }

  // Who only polls pays for it while nothing happens.
  const polled = number(await figure(sara, 'poll', 'requests').innerText());
  const before = number(await figure(sara, 'socket', 'headers').innerText());
  await expect.poll(async () => number(await figure(sara, 'poll', 'requests').innerText()), { timeout: 15_000 }).toBeGreaterThan(polled + 1);
  expect(number(await figure(sara, 'socket', 'requests').innerText())).toBe(1);
  expect(number(await figure(sara, 'socket', 'headers').innerText()) - before, 'a few frames at most').toBeLessThan(200);
  expect(number(await figure(sara, 'poll', 'headers').innerText())).toBeGreaterThan(2_000);
  await expect(sara.locator('.verdict')).toContainText('برابر WebSocket');
});

test('each delay is a mark on one scale, and the WebSocket is the quickest', async ({ server, somebody }) => {
  const sara = await somebody();
  await sara.goto(`${server.url}/ways/ways`);
  /** Where the marks stand, from the left. */
  const marks = async (token: string, which = 'marks'): Promise<number[]> => {
    const path = await way(sara, token).locator(`.delays .${which}`).getAttribute('d');
    return [...path!.matchAll(/M(\d+) /g)].map(([, x]) => Number(x));
  };
  for (const token of ['poll', 'long-poll', 'events', 'socket']) {
    await expect(figure(sara, token, 'requests'), token).not.toHaveText('۰');
    expect(await marks(token), token).toEqual([]);
  }
  for (const text of ['یک', 'دو', 'سه']) {
    await sara.getByLabel('پیام', { exact: true }).fill(text);
    await sara.getByRole('button', { name: 'ارسال' }).click();
    // One by one: what is said after a poll was answered waits for the next.
    for (const token of ['poll', 'long-poll', 'events', 'socket']) {
      await expect(heard(sara, token).filter({ hasText: text }), token).toHaveCount(1);
    }
  }
  for (const token of ['poll', 'long-poll', 'events', 'socket']) {
    const all = await marks(token);
    expect(all, token).toHaveLength(3);
    expect(await marks(token, 'last'), token).toEqual(all.slice(-1));
    expect(await marks(token, 'half'), token).toHaveLength(1);
  }
  expect(await marks('classic')).toEqual([]);
  // Time goes from left to right, whatever the page's direction.
  const [socket, poll] = [await marks('socket', 'median'), await marks('poll', 'median')];
  expect(socket[0], 'further to the left').toBeLessThan(poll[0]!);
  const ticks = await sara.locator('.scale span').evaluateAll((ticks) =>
    ticks.map((tick) => [tick.textContent, tick.getBoundingClientRect().left] as const));
  expect(ticks.map(([text]) => text)).toEqual(['۱ ms', '۱۰ ms', '۱۰۰ ms', '۱ s', '۱۰ s']);
  expect(ticks.map(([, left]) => left)).toEqual(ticks.map(([, left]) => left).sort((a, b) => a - b));
});

test('a second of silence costs who polls most, and the WebSocket next to nothing', async ({ server, somebody }) => {
  test.slow();
  const sara = await somebody();
  await sara.goto(`${server.url}/ways/silence`);
  const silence = async (token: string) => number((await figure(sara, token, 'silence').innerText()).split('٫')[0]!);
  await expect.poll(() => silence('poll'), { timeout: 20_000 }).toBeGreaterThan(100);
  for (const token of ['classic', 'socket', 'events', 'long-poll']) {
    expect(await silence(token), token).toBeLessThan((await silence('poll')) / 5);
  }
  // The same as lines over time: the steepest is on top at the right, once the chart has grown with it.
  const steepest = async () => {
    const lines = await sara.locator('.chart path').evaluateAll((lines) =>
      lines.map((line) => [line.getAttribute('data-way'), Number(line.getAttribute('d')!.split(/[ L]/).at(-1))] as const));
    return lines.toSorted(([, a], [, b]) => a - b)[0];
  };
  await expect.poll(steepest).toEqual(['poll', 0]);
});

test('a longer round trip is the same for all, and it is said who makes it', async ({ server, somebody }) => {
  const sara = await somebody();
  await sara.goto(`${server.url}/ways/far`);
  for (const token of ['poll', 'long-poll', 'events', 'socket']) {
    await expect(figure(sara, token, 'requests'), token).not.toHaveText('۰');
  }
  const sayIt = async (text: string) => {
    await sara.getByLabel('پیام', { exact: true }).fill(text);
    await sara.getByRole('button', { name: 'ارسال' }).click();
    for (const token of ['long-poll', 'events', 'socket']) {
      await expect(heard(sara, token).filter({ hasText: text }), token).toHaveCount(1);
    }
  };
  const made = sara.locator('.made');
  await sayIt('نزدیک');
  await expect(made).toBeHidden();
  const slider = sara.getByRole('slider');
  await slider.press('End');
  await expect(slider).toHaveAttribute('aria-valuetext', '۲۰۰ ms');
  await expect(made).toContainText('همین صفحه');
  // What was measured on the other network is not mixed with it.
  await expect(figure(sara, 'socket', 'median')).toHaveText('—');
  for (const text of ['الف۱', 'الف۲', 'الف۳']) await sayIt(text);
  const socket = number(await figure(sara, 'socket', 'median').innerText());
  expect(socket).toBeGreaterThanOrEqual(200);
  expect(socket).toBeLessThan(400);
});

for (const theme of ['light', 'dark'] as const) {
  test(`axe finds nothing, ${theme}`, async ({ server, somebody }) => {
    const sara = await somebody({ colorScheme: theme });
    await sara.goto(`${server.url}/ways/ways`);
    await sara.getByLabel('پیام', { exact: true }).fill('سلام');
    await sara.getByRole('button', { name: 'ارسال' }).click();
    await expect(heard(sara, 'socket')).toHaveCount(1);
    await sara.getByRole('slider').press('End');
    await way(sara, 'poll').getByRole('button', { name: 'توقف' }).click();
    const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await new AxeBuilder({ page: sara }).withTags(rules).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join('\n  ')}`)).toEqual([]);
  });
}

test('a page that is loaded anew is the same five members, and no cookies gather', async ({ server, somebody }) => {
  test.slow();
  const ali = await somebody();
  await enter(ali, server.url, 'ways', 'علی');
  const sara = await somebody();
  await sara.goto(`${server.url}/ways/ways`);
  const here = ali.locator('#people .roster li:not([data-away])');
  const names = async () => (await ali.locator('#people .roster li .name').allInnerTexts()).sort();
  await expect(here).toHaveCount(6);
  const before = await names();
  const cookies = async () => (await sara.context().cookies()).map(({ name, path }) => `${name} ${path}`).sort();
  // That of the stream, and the classic page's, whose addresses are two.
  await expect.poll(async () => (await cookies()).length).toBe(3);
  const kept = await cookies();
  await sara.getByLabel('پیام', { exact: true }).fill('پیش از بارگذاری');
  await sara.getByRole('button', { name: 'ارسال' }).click();
  await expect(message(ali, 'پیش از بارگذاری')).toBeVisible();
  for (let load = 0; load < 10; load++) {
    await sara.reload();
    await expect(figure(sara, 'socket', 'requests')).toHaveText('۱');
    await expect(figure(sara, 'classic', 'requests')).not.toHaveText('۰');
  }
  await expect(here).toHaveCount(6);
  expect(await names()).toEqual(before);
  expect(await cookies()).toEqual(kept);
  await say(ali, 'پس از آن');
  for (const token of ['poll', 'long-poll', 'events', 'socket']) {
    await expect(heard(sara, token).filter({ hasText: 'پس از آن' }), token).toHaveCount(1);
    await expect(way(sara, token).locator('.trouble'), token).toHaveText('');
  }
});

test('who polls shows one ticket, and none of the cookies', async ({ server, somebody }) => {
  const sara = await somebody();
  const asked: Request[] = [];
  sara.on('requestfinished', (request) => {
    if (/\/(messages|costs)\?client=(poll|long-poll)-/.test(request.url())) asked.push(request);
  });
  await sara.goto(`${server.url}/ways/ways`);
  await expect.poll(async () => (await sara.context().cookies()).length).toBe(3);
  await expect.poll(() => asked.length, { timeout: 10_000 }).toBeGreaterThan(8);
  const shown = await Promise.all(asked.slice(0, 9).map((request) => request.allHeaders()));
  for (const { cookie } of shown) expect(cookie).toBeUndefined();
  // Whoever comes has none yet.
  const tickets = shown.flatMap(({ authorization }) => authorization ?? []);
  expect(tickets.length).toBeGreaterThanOrEqual(7);
  for (const ticket of tickets) expect(ticket).toMatch(/^Bearer \S+\.\S+$/);
});

for (const [options, told] of [
  [['--xray-bytes', '4096'], 'پر شد (۴ کیلوبایت)'],
  [['--xray-total-bytes', '0'], 'ضبط این اتصال در دست نیست'],
] as const) {
  test.describe(`with ${options.join(' ')}`, () => {
    test.use({ serverOptions: [...options] });

    test('what of the WebSocket is not counted is told, and nothing is claimed of it', async ({ server, somebody }) => {
      const sara = await somebody();
      await sara.goto(`${server.url}/ways/ways`);
      for (let said = 0; said < 4; said++) {
        await sara.getByLabel('پیام', { exact: true }).fill('بلند '.repeat(90));
        await sara.getByRole('button', { name: 'ارسال' }).click();
        await expect(heard(sara, 'socket')).toHaveCount(said + 1);
      }
      await expect(way(sara, 'socket').locator('.gap')).toContainText(told);
      await expect(way(sara, 'poll').locator('.gap')).toBeHidden();
      await expect(sara.locator('.verdict')).toContainText('منصفانه نیست');
    });
  });
}

test('a way that rests asks for nothing', async ({ server, somebody }) => {
  const sara = await somebody();
  const asked: string[] = [];
  sara.on('request', (request) => asked.push(request.url()));
  await sara.goto(`${server.url}/ways/ways`);
  await expect.poll(async () => number(await figure(sara, 'poll', 'requests').innerText())).toBeGreaterThan(0);
  await way(sara, 'poll').getByRole('button', { name: 'توقف' }).click();
  await expect(way(sara, 'poll')).toHaveAttribute('data-rests', '');
  // What was under way is over when long polling, which goes on, has been counted twice more.
  const polls = () => asked.filter((url) => url.includes('/messages') && url.includes('client=poll-')).length;
  const counts = () => asked.filter((url) => url.includes('/costs') && url.includes('client=long-poll-')).length;
  const until = async (more: number) => {
    const from = counts();
    await expect.poll(counts, { timeout: 15_000 }).toBeGreaterThanOrEqual(from + more);
  };
  await until(2);
  const before = polls();
  await until(4);
  expect(polls()).toBe(before);
});

test.describe('a way that fails', () => {
  test.use({ expectedComplaints: [/Failed to load resource|WebSocket connection to .* failed/] });
  const trouble = (page: Page, token: string) => way(page, token).locator('.trouble');
  const closed = JSON.stringify({ type: 'closed', code: 4001, reason: 'slow_reader' });

  test('says so, tries again after a pause, and goes on', async ({ server, somebody }) => {
    test.slow();
    const sara = await somebody();
    let tried = 0;
    await sara.route(/\/messages\?client=(poll|long-poll)-/, (route) => {
      tried++;
      return route.fulfill({ status: 503, contentType: 'application/json', body: closed });
    });
    await sara.route(/\/events\?client=events-/, (route) => route.fulfill({ status: 429 }));
    await sara.route(/\/classic\//, (route) => route.abort());
    await sara.goto(`${server.url}/ways/ways`);
    for (const token of ['poll', 'long-poll']) {
      await expect(trouble(sara, token)).toContainText('با کد 4001 بست');
      await expect(trouble(sara, token)).toContainText('دوباره تلاش می‌شود');
    }
    await expect(trouble(sara, 'events')).toContainText('دوباره تلاش می‌شود');
    await expect(trouble(sara, 'classic')).toContainText('سرور پاسخ نمی‌دهد');
    await expect(trouble(sara, 'socket')).toHaveText('');
    const before = tried;
    await sara.waitForTimeout(3_000);
    expect(tried - before, 'no more than one in two seconds, by two ways').toBeLessThanOrEqual(4);

    await sara.unrouteAll();
    for (const token of ['poll', 'long-poll', 'events']) {
      await expect(trouble(sara, token), token).toHaveText('', { timeout: 15_000 });
    }
    await sara.getByRole('button', { name: 'تازه‌سازی' }).click();
    await expect(trouble(sara, 'classic')).toHaveText('');
    await sara.getByLabel('پیام', { exact: true }).fill('همه برگشتند');
    await sara.getByRole('button', { name: 'ارسال' }).click();
    for (const token of ['poll', 'long-poll', 'events', 'socket']) {
      await expect(heard(sara, token)).toContainText(['همه برگشتند']);
    }
  });

  test('and is not let in rests, until somebody wants it to go on', async ({ server, somebody }) => {
    const sara = await somebody();
    let tried = 0;
    await sara.route(/\/messages\?client=poll-/, (route) => {
      tried++;
      return route.fulfill({ status: 403, body: 'no' });
    });
    await sara.goto(`${server.url}/ways/ways`);
    await expect(trouble(sara, 'poll')).toContainText('با کد 403');
    await expect(way(sara, 'poll')).toHaveAttribute('data-rests', '');
    await sara.waitForTimeout(3_000);
    expect(tried).toBe(1);
    await sara.unrouteAll();
    await way(sara, 'poll').getByRole('button', { name: 'ادامه' }).click();
    await expect(trouble(sara, 'poll')).toHaveText('');
  });

  test('because it was away for longer than it is waited for hears what it missed, and its costs go on', async ({ server, somebody }) => {
    // A poll is waited for 75 seconds.
    test.setTimeout(180_000);
    const ali = await somebody();
    await enter(ali, server.url, 'ways', 'علی');
    const sara = await somebody();
    await sara.goto(`${server.url}/ways/ways`);
    const polling = ali.locator('#people .roster li').filter({ hasText: /سرکشی [۰-۹]/ });
    await expect(polling).toBeVisible();
    await say(ali, 'پیش از آن');
    await expect(heard(sara, 'poll')).toHaveText([/پیش از آن/]);
    await expect.poll(async () => number(await figure(sara, 'poll', 'requests').innerText()), { timeout: 15_000 }).toBeGreaterThan(3);
    await way(sara, 'poll').getByRole('button', { name: 'توقف' }).click();
    // So it is for a page in the background, too, whose timers come once a minute.
    await expect(polling).toHaveAttribute('data-away', '', { timeout: 90_000 });
    const bytes = async () => number(await figure(sara, 'poll', 'headers').innerText());
    const before = await bytes();
    const shown: number[] = [];
    await say(ali, 'در این میان');
    await way(sara, 'poll').getByRole('button', { name: 'ادامه' }).click();
    await expect(heard(sara, 'poll')).toHaveText([/در این میان/, /پیش از آن/]);
    await expect.poll(async () => {
      shown.push(await bytes());
      return shown.at(-1);
    }, { intervals: [100], timeout: 15_000 }).toBeGreaterThan(before + 500);
    expect(Math.min(...shown), 'a new account takes nothing back').toBeGreaterThanOrEqual(before);
    await expect(polling).not.toHaveAttribute('data-away', '');
  });

  test('by WebSocket comes back as who it was, and hears what it missed', async ({ server, somebody }) => {
    test.slow();
    const ali = await somebody();
    await enter(ali, server.url, 'ways', 'علی');
    const sara = await somebody();
    const sockets: WebSocketRoute[] = [];
    await sara.routeWebSocket(/\/ws\//, (route) => {
      sockets.push(route);
      route.connectToServer();
    });
    await sara.goto(`${server.url}/ways/ways`);
    await expect(ali.locator('#people .roster')).toContainText('WebSocket');
    await say(ali, 'پیش از قطع');
    await expect(heard(sara, 'socket')).toHaveText([/پیش از قطع/]);
    const cost = async () => number(await figure(sara, 'socket', 'payload').innerText());
    const before = await cost();
    await sockets[0]!.close({ code: 4004 });
    await expect(trouble(sara, 'socket')).toContainText('با کد 4004 بست');
    await say(ali, 'در این میان');
    await expect(trouble(sara, 'socket')).toHaveText('', { timeout: 10_000 });
    await expect(heard(sara, 'socket')).toHaveText([/در این میان/, /پیش از قطع/]);
    expect(sockets).toHaveLength(2);
    // It is another connection, and what the first one cost has been paid.
    await expect.poll(async () => number(await figure(sara, 'socket', 'requests').innerText())).toBe(2);
    expect(await cost()).toBeGreaterThan(before);

    await sockets[1]!.close({ code: 4500 });
    await expect(way(sara, 'socket')).toHaveAttribute('data-rests', '');
  });
});

test.describe('behind a proxy that gathers', () => {
  for (const gathers of ['body', 'everything'] as const) {
    test(`${gathers} of a stream, its card says that it is silent, and asks for nothing`, async ({ server, somebody }) => {
      test.slow();
      const proxy = await Proxy.start(server.port, { gathers });
      const sara = await somebody();
      await sara.goto(`${proxy.url}/ways/ways`);
      const trouble = way(sara, 'events').locator('.trouble');
      const silent = 'جریان باز است ولی چیزی از آن نمی‌رسد؛ گویا پراکسی‌ای میان راه آن را نگه می‌دارد.';
      await expect(trouble).toHaveText(silent, { timeout: 20_000 });
      await sara.getByLabel('پیام', { exact: true }).fill('کسی می‌شنود؟');
      await sara.getByRole('button', { name: 'ارسال' }).click();
      for (const token of ['socket', 'long-poll', 'poll']) {
        await expect(heard(sara, token), token).toContainText(['کسی می‌شنود؟']);
        await expect(way(sara, token).locator('.trouble'), token).toHaveText('');
      }
      await expect(heard(sara, 'events')).toHaveCount(0);
      // The stream that shows what passes the socket is held back, too.
      await expect(way(sara, 'socket').locator('.gap')).toContainText('ضبط این اتصال در دست نیست', { timeout: 15_000 });
      await expect(trouble).toHaveText(silent);
      const asked = (what: string) => proxy.asked.filter((url) => url.includes(what)).length;
      expect(asked('/costs?client=events-')).toBe(0);
      expect(asked('/events?client=events-')).toBe(1);

      proxy.release();
      await expect(heard(sara, 'events')).toContainText(['کسی می‌شنود؟']);
      await expect(trouble).toHaveText('');
      await expect(figure(sara, 'events', 'requests')).not.toHaveText('۰');
      await sara.close();
      await proxy.stop();
    });
  }
});

test.describe('two tabs that are one member', () => {
  test.use({ expectedComplaints: [/409 \(Conflict\)/] });

  test('the first lets go, says so, and does not take it back', async ({ server, somebody }) => {
    test.slow();
    const sara = await somebody();
    await sara.goto(`${server.url}/ways/ways`);
    await expect(figure(sara, 'socket', 'requests')).toHaveText('۱');
    await expect(figure(sara, 'long-poll', 'requests')).not.toHaveText('۰');
    // A tab that is opened by another one has what it kept.
    const [other] = await Promise.all([
      sara.context().waitForEvent('page'),
      sara.evaluate(() => void window.open(location.href)),
    ]);
    for (const token of ['events', 'socket', 'long-poll']) {
      // Chromium asks the same thing once at a time, and waits twenty seconds for the one before.
      await expect(way(sara, token).locator('.trouble'), token).toContainText('زبانه‌ی دیگری', { timeout: 30_000 });
      await expect(way(sara, token), token).toHaveAttribute('data-rests', '');
    }
    await other.waitForTimeout(4_000);
    for (const token of ['long-poll', 'events', 'socket']) {
      await expect(way(other, token).locator('.trouble'), token).toHaveText('');
      await expect(way(sara, token), token).toHaveAttribute('data-rests', '');
    }
  });
});

test('the classic page needs no JavaScript', async ({ server, somebody }) => {
  const ali = await somebody();
  await enter(ali, server.url, 'ways', 'علی');
  const sara = await somebody({ javaScriptEnabled: false });
  await sara.goto(`${server.url}/classic/ways`);
  await sara.getByLabel('نام شما').fill('علی');
  await sara.getByRole('button', { name: 'ورود' }).click();
  await expect(sara.getByRole('alert')).toContainText('این نام گرفته شده');
  await sara.getByLabel('نام شما').fill('سارا');
  await sara.getByRole('button', { name: 'ورود' }).click();
  await expect(ali.locator('#people .roster')).toContainText('سارا');
  await sara.getByLabel('پیام').fill('از یک فرم <b>');
  await sara.getByRole('button', { name: 'ارسال' }).click();
  await expect(sara.locator('ol li')).toHaveText([/از یک فرم <b>/]);
  await expect(message(ali, 'از یک فرم <b>')).toBeVisible();
  await say(ali, 'شنیدم');
  await expect(message(ali, 'شنیدم')).toBeVisible();
  await expect(sara.locator('ol li')).toHaveCount(1);
  await sara.getByRole('button', { name: 'تازه‌سازی' }).click();
  await expect(sara.locator('ol li')).toHaveCount(2);
});
