// One person in several tabs: each is seen beside one's own name, and the older ends the younger, so that a
// stranger who has one's token does not stay.

import type { Locator, Page } from '@playwright/test';

import { Member } from './fixtures/member.ts';
import { expect, test } from './fixtures/test.ts';
import { enter, joined, log, message, people, say } from './room.ts';

/** One's own row in the list of people. */
const own = (page: Page): Locator => people(page).locator('li', { hasText: 'شما' });

/** What the page would resume by. */
function resume(page: Page, room: string): Promise<{ token: string; epoch: string; seq: number }> {
  return page.evaluate((room) => JSON.parse(sessionStorage.getItem(`otagh:tab:${room}`)!).resume, room);
}

test("a stranger's tab is seen beside one's own name, and ended there", async ({ server, somebody }) => {
  const sara = await somebody();
  const ali = await Member.join(server.url, 'stolen', 'علی');
  await enter(sara, server.url, 'stolen', 'سارا');
  await expect(own(sara)).not.toContainText('زبانه');
  const stolen = await resume(sara, 'stolen');
  const thief = await Member.tab(server.url, 'stolen', stolen);
  expect(thief.name).toBe('سارا');
  await expect(own(sara)).toContainText(/در ۱ زبانه‌ی دیگر هم هستید:\nاز ساعت [۰-۹:]{5}/);

  // Whoever is first: nothing of hers is ended by a younger tab.
  thief.send({ type: 'end_tabs' });
  await thief.says('از طرف سارا');
  await expect(message(sara, 'از طرف سارا')).toHaveCount(1);

  const ended = thief.ends();
  await own(sara).getByRole('button', { name: 'بستن آن' }).click();
  expect(await ended).toBe(4503);
  await expect(own(sara)).not.toContainText('زبانه');
  await expect(own(sara).getByRole('button')).toHaveCount(1);
  // Neither what came of the token nor the token itself is good for anything.
  for (const token of [thief.heard[0]!, stolen]) expect((await Member.tab(server.url, 'stolen', token)).name).not.toBe('سارا');
  await say(sara, 'فقط خودم');
  await ali.hears((msg) => msg.text === 'فقط خودم' && msg.name === 'سارا');
  // The page has the token that it was given in its place.
  await sara.reload();
  await joined(sara);
  await expect(own(sara).locator('.name')).toHaveText('سارا');
  await expect(log(sara).locator('.gap')).toHaveCount(0);
});

test('a younger tab cannot end an older one, and is told when it is ended', async ({ server, somebody }) => {
  const first = await somebody();
  await enter(first, server.url, 'twins', 'سارا');
  // As "duplicate tab" does: the same storage, at another tab.
  const kept = await first.evaluate(() => ({ ...sessionStorage }));
  const second = await first.context().newPage();
  await second.goto(server.url);
  await second.evaluate((kept) => Object.assign(sessionStorage, kept), kept);
  await second.goto(`${server.url}/r/twins`);
  await joined(second);
  await expect(own(second)).toContainText('قدیمی‌تر');
  await expect(own(second).getByRole('button', { name: 'بستن' })).toHaveCount(0);

  await own(first).getByRole('button', { name: 'بستن آن' }).click();
  const notice = second.locator('.talk > .notice');
  await expect(notice).toContainText('این گفت‌وگو از زبانه‌ی دیگری از خودتان بسته شد.');
  await notice.getByRole('button', { name: 'اتصال دوباره' }).click();
  // Its token is worth nothing, and the name is the first tab's.
  await expect(second.getByLabel('نام شما')).toHaveValue('سارا ۲');
  await second.getByRole('button', { name: 'ورود به اتاق' }).click();
  await joined(second);
  await expect(people(first).locator('.name')).toHaveText(['سارا', 'سارا ۲']);
});
