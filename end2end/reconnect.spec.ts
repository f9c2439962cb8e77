// The server stops and starts. Nobody touches the page.

import { expect, test } from './fixtures/test.ts';
import { composer, enter, joined, log, message, say, status } from './room.ts';

// Chromium itself prints that a server is gone.
test.use({ expectedComplaints: [/WebSocket connection to .* failed/] });

test('a server that stops and starts brings the page back by itself', async ({ server, somebody }) => {
  const sara = await somebody();
  const ali = await somebody();
  await enter(sara, server.url, 'restart', 'سارا');
  await enter(ali, server.url, 'restart', 'علی');
  await say(sara, 'پیش از توقف');
  await expect(message(ali, 'پیش از توقف')).toBeVisible();

  await server.stop();
  await expect(sara.locator('.talk > .notice')).toContainText('سرور در حال راه‌اندازی دوباره است');
  await expect(sara.locator('.talk > .notice')).toContainText('تلاش دوباره تا');
  await expect(status(sara)).toHaveText('قطع شد');
  // What is said now is kept, and shown as not sent yet.
  await say(sara, 'در زمان قطعی');
  await expect(message(sara, 'در زمان قطعی')).toHaveAttribute('data-state', 'sending');

  await server.restart();
  await joined(sara);
  await joined(ali);
  await expect(sara.locator('.talk > .notice')).toBeHidden();
  // It went out by itself, once. Whether Ali was back in time to hear it is chance.
  await expect(message(sara, 'در زمان قطعی').getByText('فرستاده شد')).toBeAttached();
  await expect(message(sara, 'در زمان قطعی')).toHaveCount(1);
  await say(ali, 'من هم برگشتم');
  await expect(message(sara, 'من هم برگشتم')).toHaveCount(1);
  // A restarted room has a new life, and nobody pretends otherwise.
  await expect(log(ali).locator('.gap')).toHaveCount(1);
});

test('a long queue goes out whole and in order, at a pace the server takes', async ({ server, somebody }) => {
  test.slow();
  const page = await somebody();
  await enter(page, server.url, 'queue', 'سارا');
  await server.kill();
  await expect(page.locator('.talk > .notice')).toBeVisible();
  const texts = Array.from({ length: 70 }, (_, n) => `پیام شماره ${n + 1}.`);
  for (const text of texts) await say(page, text);
  await server.restart();
  // By now the page waits long between attempts.
  await expect(status(page)).toHaveText('وصل', { timeout: 20_000 });
  await expect(page.locator('.message[data-state]')).toHaveCount(0, { timeout: 20_000 });
  await expect(page.locator('.message .text')).toHaveText(texts);
});

test('the countdown can be cut short', async ({ server, somebody }) => {
  const page = await somebody();
  await enter(page, server.url, 'now', 'سارا');
  await server.kill();
  await expect(page.locator('.talk > .notice')).toBeVisible();
  await server.restart();
  await page.getByRole('button', { name: 'همین حالا' }).click({ timeout: 2_000 }).catch(() => undefined);
  await joined(page);
  await composer(page).fill('برگشتم');
  await composer(page).press('Enter');
  await expect(message(page, 'برگشتم').getByText('فرستاده شد')).toBeAttached();
});
