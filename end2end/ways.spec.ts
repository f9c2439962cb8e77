// The same room by five ways: what is said by one is heard by all, and each is counted.

import type { Page } from '@playwright/test';

import { expect, test } from './fixtures/test.ts';
import { enter, message, say } from './room.ts';

const way = (page: Page, token: string) => page.locator(`.way[data-way=${token}]`);
const figure = (page: Page, token: string, name: string) =>
  way(page, token).locator('dl > div', { hasText: name }).locator('dd');

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
  for (const name of ['نظرسنجی', 'WebSocket', 'رویدادهای سرور', 'HTTP کلاسیک']) {
    await expect(ali.locator('#people .roster')).toContainText(name);
  }
  const tokens = ['socket', 'poll', 'long-poll', 'events', 'classic'];
  for (const token of tokens) {
    await sara.getByLabel('از راه').selectOption(token);
    await sara.getByLabel('پیام', { exact: true }).fill(`از ${token} به همه`);
    await sara.getByRole('button', { name: 'بگو' }).click();
    await expect(message(ali, `از ${token} به همه`)).toBeVisible();
  }
  await say(ali, 'از اتاق');
  await expect(message(ali, 'از اتاق')).toBeVisible();
  await sara.getByRole('button', { name: 'تازه کن' }).click();
  for (const listener of tokens) {
    const heard = way(sara, listener).locator('.heard li');
    for (const token of tokens) {
      await expect(heard.filter({ hasText: `از ${token} به همه` }), listener).toHaveCount(1);
    }
    await expect(heard.filter({ hasText: 'از اتاق' }), listener).toHaveCount(1);
  }

  // Who only polls pays for it while nothing happens.
  const polled = number(await figure(sara, 'poll', 'درخواست').innerText());
  const before = number(await figure(sara, 'socket', 'سربرگ').innerText());
  await expect.poll(async () => number(await figure(sara, 'poll', 'درخواست').innerText()), { timeout: 15_000 }).toBeGreaterThan(polled + 1);
  expect(number(await figure(sara, 'socket', 'درخواست').innerText())).toBe(1);
  expect(number(await figure(sara, 'socket', 'سربرگ').innerText()) - before, 'a few frames at most').toBeLessThan(200);
  expect(number(await figure(sara, 'poll', 'سربرگ').innerText())).toBeGreaterThan(2_000);
  await expect(sara.getByRole('status')).toContainText('برابر WebSocket');
});

test('a way that rests asks for nothing', async ({ server, somebody }) => {
  const sara = await somebody();
  const asked: string[] = [];
  sara.on('request', (request) => asked.push(request.url()));
  await sara.goto(`${server.url}/ways/ways`);
  await expect.poll(async () => number(await figure(sara, 'poll', 'درخواست').innerText())).toBeGreaterThan(0);
  await way(sara, 'poll').getByRole('button', { name: 'نگه دار' }).click();
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
  await sara.getByRole('button', { name: 'بگو' }).click();
  await expect(sara.locator('ol li')).toHaveText([/از یک فرم <b>/]);
  await expect(message(ali, 'از یک فرم <b>')).toBeVisible();
  await say(ali, 'شنیدم');
  await expect(message(ali, 'شنیدم')).toBeVisible();
  await expect(sara.locator('ol li')).toHaveCount(1);
  await sara.getByRole('button', { name: 'تازه کن' }).click();
  await expect(sara.locator('ol li')).toHaveCount(2);
});
