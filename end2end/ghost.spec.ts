// Somebody who went without a goodbye, and comes back: their name is still theirs in the same browser, and
// whoever else wants it is told why it is taken and for how long.

import type { Page } from '@playwright/test';

import { Member } from './fixtures/member.ts';
import type { Network } from './fixtures/network.ts';
import { expect, test } from './fixtures/test.ts';
import { enter, joined, log, message, people, say } from './room.ts';

test.use({
  // The server notices soon that somebody is gone.
  serverOptions: ['--ping-interval', '500ms', '--ping-deadline', '500ms'],
  expectedComplaints: [/WebSocket connection to .* failed/],
});

/** Another tab of the same browser, in the room by this name. */
async function comeAgain(page: Page, url: string, room: string, name: string): Promise<Page> {
  const tab = await page.context().newPage();
  await tab.goto(`${url}/r/${room}`);
  await tab.getByLabel('نام شما').fill(name);
  await tab.getByRole('button', { name: 'ورود به اتاق' }).click();
  return tab;
}

/** As when a phone kills the page, or its battery is empty: no goodbye reaches the server. */
async function vanish(page: Page, network: Network): Promise<void> {
  network.swallow('both');
  await page.close();
  network.hangUp();
}

test('who vanished and comes back is who they were, with what they missed', async ({ server, network, somebody }) => {
  const sara = await somebody();
  const ali = await Member.join(server.url, 'vanished', 'علی');
  await enter(sara, network.url, 'vanished', 'سارا');
  await say(sara, 'پیش از آن');
  await ali.hears((msg) => msg.text === 'پیش از آن');
  await vanish(sara, network);
  await ali.hears((msg) => msg.changed?.[0]?.away === true);
  await ali.says('کجایی؟');

  const back = await comeAgain(sara, network.url, 'vanished', 'سارا');
  await joined(back);
  await expect(people(back).locator('.name')).toHaveText(['سارا', 'علی']);
  await expect(message(back, 'کجایی؟')).toHaveCount(1);
  await expect(log(back).locator('.gap')).toHaveCount(0);
  await say(back, 'برگشتم');
  await ali.hears((msg) => msg.text === 'برگشتم' && msg.name === 'سارا');
  expect(ali.heard.filter((msg) => msg.left?.length)).toEqual([]);
});

test.describe('with a server that does not notice yet', () => {
  test.use({ serverOptions: [] });

  test('a tab whose goodbye was lost holds no name against the same browser', async ({ server, network, somebody }) => {
    const sara = await somebody();
    const ali = await Member.join(server.url, 'unsaid', 'علی');
    await enter(sara, network.url, 'unsaid', 'سارا');
    await vanish(sara, network);
    // The room believes that she is there.
    const back = await comeAgain(sara, network.url, 'unsaid', 'سارا');
    await joined(back);
    await expect(people(back).locator('.name')).toHaveText(['سارا', 'علی']);
    await say(back, 'همان سارا');
    const said = await ali.hears((msg) => msg.text === 'همان سارا');
    expect(ali.heard.flatMap((msg) => msg.joined ?? []).filter(({ name }) => name === 'سارا')).toHaveLength(1);
    expect(said.name).toBe('سارا');
  });
});

test('a tab that lives keeps its name, and another name is another person', async ({ server, network, somebody }) => {
  const sara = await somebody();
  await enter(sara, network.url, 'lives', 'سارا');
  const second = await comeAgain(sara, network.url, 'lives', 'سارا');
  await expect(second.locator('#name-problem')).toContainText('این نام گرفته شده');
  await expect(second.getByLabel('نام شما')).toHaveValue('سارا ۲');
  await second.getByRole('button', { name: 'ورود به اتاق' }).click();
  await joined(second);
  // Of two persons in one browser each has their own back.
  const ali = await Member.join(server.url, 'lives', 'علی');
  network.newcomers = 'reset';
  await vanish(sara, network);
  await second.close();
  await expect.poll(() => ali.heard.flatMap((msg) => msg.changed ?? []).filter(({ away }) => away).length).toBe(2);
  network.newcomers = 'pass';
  for (const name of ['سارا', 'سارا ۲']) {
    const back = await comeAgain(sara, network.url, 'lives', name);
    await joined(back);
    await expect(people(back).locator('li', { hasText: 'شما' }).locator('.name')).toHaveText(name);
  }
});

test('in another browser one is told why the name is taken, and for how long', async ({ server, network, somebody }) => {
  const sara = await somebody();
  await enter(sara, network.url, 'elsewhere', 'سارا');
  const ali = await Member.join(server.url, 'elsewhere', 'علی');
  await vanish(sara, network);
  await ali.hears((msg) => msg.changed?.[0]?.away === true);
  const phone = await somebody();
  await phone.goto(`${server.url}/r/elsewhere`);
  await phone.getByLabel('نام شما').fill('سارا');
  await phone.getByRole('button', { name: 'ورود به اتاق' }).click();
  const problem = phone.locator('#name-problem');
  await expect(problem).toContainText('اتصال کسی با این نام قطع شده');
  await expect(problem).toContainText(/تا ([۱۲] دقیقه|[۰-۹]+ ثانیه)/);
  await expect(phone.getByLabel('نام شما')).toHaveValue('سارا ۲');
});

test.describe('with a server that forgets at once', () => {
  test.use({ serverOptions: ['--resume-window', '1s', '--ping-interval', '500ms', '--ping-deadline', '500ms'] });

  test('what was kept of a person that is forgotten does no harm', async ({ server, network, somebody }) => {
    const sara = await somebody();
    const ali = await Member.join(server.url, 'forgotten', 'علی');
    await enter(sara, network.url, 'forgotten', 'سارا');
    await vanish(sara, network);
    await ali.hears((msg) => msg.left?.length === 1);
    const other = await Member.join(server.url, 'forgotten', 'سارا');
    const back = await comeAgain(sara, network.url, 'forgotten', 'سارا');
    await expect(back.locator('#name-problem')).toContainText('این نام گرفته شده');
    await back.getByRole('button', { name: 'ورود به اتاق' }).click();
    await joined(back);
    await expect(log(back).locator('.gap')).toHaveCount(0);
    expect(other.isIn).toBe(true);
  });
});

test('all that is kept has one prefix, by which it can be forgotten', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'kept', 'سارا');
  await say(sara, 'سلام');
  await expect(message(sara, 'سلام').getByText('فرستاده شد')).toBeAttached();
  const keys = await sara.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]);
  expect(keys.length).toBeGreaterThanOrEqual(3);
  expect(keys.filter((key) => !key.startsWith('otagh:'))).toEqual([]);
});
