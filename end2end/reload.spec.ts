// What a reload keeps: who one is, what one was writing, and what was said.

import { Member } from './fixtures/member.ts';
import { expect, test } from './fixtures/test.ts';
import { composer, enter, joined, log, message, people, say } from './room.ts';

test('a reload keeps the name, the room, the draft and the conversation', async ({ server, somebody }) => {
  const sara = await somebody();
  const ali = await somebody();
  await enter(sara, server.url, 'reload', 'سارا');
  await enter(ali, server.url, 'reload', 'علی');
  await say(ali, 'پیش از تازه‌سازی');
  await expect(message(sara, 'پیش از تازه‌سازی')).toBeVisible();
  await composer(sara).fill('نیمه‌کاره…');

  await sara.reload();
  await joined(sara);
  await expect(composer(sara)).toHaveValue('نیمه‌کاره…');
  await expect(message(sara, 'پیش از تازه‌سازی')).toHaveCount(1);
  await expect(people(sara).locator('.name')).toHaveText(['سارا', 'علی']);
  await expect(people(ali).locator('.name')).toHaveText(['علی', 'سارا']);

  // The same person: no namesake, no gap, and the conversation goes on once.
  await say(ali, 'پس از تازه‌سازی');
  await expect(message(sara, 'پس از تازه‌سازی')).toHaveCount(1);
  await expect(log(sara).locator('.gap')).toHaveCount(0);
});

test.describe('what stands between messages', () => {
  // Chromium itself prints that a server is gone.
  test.use({ expectedComplaints: [/WebSocket connection to .* failed/] });

  test('a reload keeps it where it was', async ({ server, somebody }) => {
    const sara = await somebody();
    await enter(sara, server.url, 'between', 'سارا');
    await say(sara, 'پیش از قطعی');
    await expect(message(sara, 'پیش از قطعی').getByText('فرستاده شد')).toBeAttached();
    await server.kill();
    await expect(sara.locator('.talk > .notice')).toBeVisible();
    await server.restart();
    await joined(sara);
    await expect(log(sara).locator('.gap')).toHaveCount(1);
    await say(sara, 'پس از قطعی');
    await expect(message(sara, 'پس از قطعی').getByText('فرستاده شد')).toBeAttached();
    const ali = await Member.join(server.url, 'between', 'علی');
    ali.send({ type: 'rename', name: 'علیرضا' });
    await expect(log(sara).locator('.comings')).toHaveText('علی آمدعلی نامش را به علیرضا تغییر داد');
    await ali.says('من علی بودم');
    await expect(message(sara, 'من علی بودم')).toBeVisible();

    const rows = () => log(sara).locator('#timeline > li').allTextContents();
    const before = await rows();
    expect(before).toHaveLength(6);
    for (let reload = 1; reload <= 2; reload++) {
      await sara.reload();
      await joined(sara);
      await expect(message(sara, 'من علی بودم')).toBeVisible();
      expect(await rows()).toEqual(before);
    }
    ali.close();
  });
});

test('what is said while the page reloads is there afterwards, once', async ({ server, somebody }) => {
  const sara = await somebody();
  const ali = await somebody();
  await enter(sara, server.url, 'meanwhile', 'سارا');
  await enter(ali, server.url, 'meanwhile', 'علی');
  await sara.goto('about:blank');
  await expect(people(ali).locator('.name')).toHaveText(['علی']);
  await say(ali, 'جا ماندی');
  await expect(message(ali, 'جا ماندی').getByText('فرستاده شد')).toBeAttached();
  await sara.goBack();
  await joined(sara);
  await expect(message(sara, 'جا ماندی')).toHaveCount(1);
  await expect(log(sara).locator('.gap')).toHaveCount(0);
});

test('whoever comes back under a new name has the new name', async ({ server, somebody }) => {
  const sara = await somebody();
  const ali = await somebody();
  await enter(ali, server.url, 'again', 'علی');
  await enter(sara, server.url, 'again', 'سارا');
  await enter(sara, server.url, 'again', 'دارا');
  await expect(people(ali).locator('.name')).toHaveText(['علی', 'دارا']);
  await expect(people(sara).locator('.name')).toHaveText(['دارا', 'علی']);
});

test('a tab that was taken over stays so until somebody asks', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'taken', 'سارا');
  // As "duplicate tab" does after a visit to another page: the same storage, tab id included.
  await sara.goto(server.url);
  const kept = await sara.evaluate(() => ({ ...sessionStorage }));
  const twin = await sara.context().newPage();
  await twin.goto(server.url);
  await twin.evaluate((kept) => Object.assign(sessionStorage, kept), kept);
  await sara.goto(`${server.url}/r/taken`);
  await joined(sara);
  await twin.goto(`${server.url}/r/taken`);
  await joined(twin);
  await expect(sara.locator('.talk > .notice')).toContainText('این گفت‌وگو در جای دیگری باز شد');
  await sara.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await say(twin, 'هنوز این‌جا هستم');
  await expect(message(twin, 'هنوز این‌جا هستم').getByText('فرستاده شد')).toBeAttached();
  await expect(sara.locator('.talk > .notice')).toBeVisible();
});

test('a second tab of the same browser is asked for its own name', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'tabs', 'سارا');
  const second = await sara.context().newPage();
  await second.goto(`${server.url}/r/tabs`);
  // Offered, not assumed: two tabs are how a class plays two people.
  await expect(second.getByLabel('نام شما')).toHaveValue('سارا');
  await second.getByRole('button', { name: 'ورود به اتاق' }).click();
  await expect(second.getByText('این نام گرفته شده')).toBeVisible();
  await expect(second.getByLabel('نام شما')).toHaveValue('سارا ۲');
  await second.getByRole('button', { name: 'ورود به اتاق' }).click();
  await joined(second);
  await expect(people(sara).locator('.name')).toHaveText(['سارا', 'سارا ۲']);
});
