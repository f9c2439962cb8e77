// Why one is out of the room, in words, and what happens next: by itself where waiting helps, with
// a button or a question where only the person can say.

import type { WebSocketRoute } from '@playwright/test';

import { Member } from './fixtures/member.ts';
import { expect, test } from './fixtures/test.ts';
import { composer, enter, joined, message, people, say, status } from './room.ts';

test.use({ expectedComplaints: [/WebSocket connection to .* failed/] });

test('every close code has its words, and comes back as its range says', async ({ network, somebody }) => {
  test.slow();
  const sara = await somebody();
  let socket: WebSocketRoute | undefined;
  await sara.routeWebSocket(/\/ws\//, (route) => {
    socket = route;
    route.connectToServer();
  });
  await enter(sara, network.url, 'codes', 'سارا');
  const notice = sara.locator('.talk > .notice');
  for (const [code, words] of [
    [1012, 'اتصال قطع شد'],
    [1011, 'سرور به مشکلی برخورد'],
    [1013, 'سرور پر است'],
    [4000, 'سرور در حال راه‌اندازی دوباره است'],
    [4001, 'سرعت شبکه‌ی شما به گفت‌وگو نمی‌رسید'],
    [4002, 'مدتی پاسخی نرسید'],
    [4003, 'از شبکه‌ی شما'],
    [4499, 'اتصال قطع شد'],
  ] as const) {
    // What is over within a second is not told.
    network.newcomers = 'reset';
    await socket!.close({ code });
    await expect(notice, String(code)).toBeVisible();
    await expect(notice, String(code)).toContainText(words);
    await expect(notice).toContainText('تلاش دوباره تا');
    network.newcomers = 'pass';
    await expect(status(sara)).toHaveText('وصل', { timeout: 20_000 });
    await expect(notice).toBeHidden();
  }
  for (const [code, words] of [
    [1009, 'پیام بزرگ‌تر از آن بود'],
    [4500, 'این گفت‌وگو در جای دیگری باز شد'],
    [4501, 'ورود به اتاق بیش از اندازه طول کشید'],
    [4502, 'درخواست‌های نادرست پی‌درپی'],
    [4503, 'از زبانه‌ی دیگری از خودتان بسته شد'],
    [4999, 'سرور اتصال را بست'],
  ] as const) {
    await socket!.close({ code });
    await expect(notice, String(code)).toContainText(words);
    await expect(status(sara)).toHaveText('بسته شد');
    await expect(notice).not.toContainText('تلاش دوباره');
    await notice.getByRole('button', { name: 'اتصال دوباره' }).click();
    await joined(sara);
  }
});

test.describe('with room for one', () => {
  test.use({ serverOptions: ['--members-per-room', '1', '--max-rooms', '1'] });

  test('a full room says so, and lets one in when there is place', async ({ server, somebody }) => {
    const ali = await Member.join(server.url, 'full', 'علی');
    const sara = await somebody();
    await sara.goto(server.url);
    await sara.getByLabel('نام شما').fill('سارا');
    await sara.getByLabel('نام اتاق').fill('full');
    await sara.getByRole('button', { name: 'ورود به اتاق' }).click();
    const notice = sara.locator('.talk > .notice');
    await expect(notice).toContainText('این اتاق پر است');
    await expect(notice).toContainText('تلاش دوباره تا');
    await expect(sara.getByLabel('نام شما')).toBeHidden();

    // A server that can hold no more rooms says that.
    const reza = await somebody();
    await reza.goto(server.url);
    await reza.getByLabel('نام شما').fill('رضا');
    await reza.getByLabel('نام اتاق').fill('another');
    await reza.getByRole('button', { name: 'ورود به اتاق' }).click();
    await expect(reza.locator('.talk > .notice')).toContainText('سرور پر است');

    ali.close();
    // After a wait that is drawn by lot, of 15 s at most.
    await expect(sara.locator('.link-state [role=status]')).toHaveText('وصل', { timeout: 20_000 });
    await expect(notice).toBeHidden();
  });
});

test('who comes back to a room where their name is taken is asked for another, and loses nothing', async ({ server, network, somebody }) => {
  const sara = await somebody();
  await enter(sara, network.url, 'taken', 'سارا');
  await say(sara, 'پیش از قطعی');
  await expect(message(sara, 'پیش از قطعی').getByText('فرستاده شد')).toBeAttached();
  network.newcomers = 'reset';
  network.cut();
  await expect(sara.locator('.talk > .notice')).toBeVisible();
  await say(sara, 'در زمان قطعی');
  // A new life of the server knows nobody, so the name is free.
  await server.kill();
  await server.restart();
  const other = await Member.join(server.url, 'taken', 'سارا');
  network.newcomers = 'pass';
  await expect(sara.locator('#name-problem')).toContainText('این نام گرفته شده');
  await expect(sara.getByLabel('نام شما')).toHaveValue('سارا ۲');
  await sara.getByRole('button', { name: 'ورود به اتاق' }).click();
  await joined(sara);
  await expect(people(sara).locator('.name')).toHaveText(['سارا ۲', 'سارا']);
  await expect(sara.locator('.message .text')).toHaveText(['پیش از قطعی', 'در زمان قطعی']);
  await other.hears((msg) => msg.text === 'در زمان قطعی');
  await expect(composer(sara)).toBeFocused();
});
