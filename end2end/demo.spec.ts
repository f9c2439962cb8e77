// The demonstration of the lesson, step by step, as a class would see it.

import { expect, test } from './fixtures/test.ts';
import { enter, message, people, say } from './room.ts';

// Chromium itself prints that a server is gone.
test.use({ expectedComplaints: [/WebSocket connection to .* failed/] });

test('two people meet in a room, talk, and one sees the other leave', async ({ server, somebody }) => {
  // 1. The server runs. 2. Two tabs.
  const sara = await somebody();
  const ali = await somebody();

  // 3. Two names. 4. One room.
  await enter(sara, server.url, 'کلاس', 'سارا');
  await enter(ali, server.url, 'کلاس', 'علی');
  await expect(people(sara).locator('.name')).toHaveText(['سارا', 'علی']);
  await expect(people(ali).locator('.name')).toHaveText(['علی', 'سارا']);

  // 5. A message. 6. The second tab has it at once, without a refresh.
  await say(sara, 'سلام علی!');
  await expect(message(ali, 'سلام علی!')).toBeVisible();
  await expect(message(ali, 'سلام علی!').locator('.author')).toHaveText('سارا');
  await say(ali, 'سلام سارا، خوبی؟');
  await expect(message(sara, 'سلام سارا، خوبی؟')).toBeVisible();

  // Its echo is the acknowledgement: what was being sent is now sent, and is there once.
  await expect(message(sara, 'سلام علی!').getByText('فرستاده شد')).toBeAttached();
  await expect(message(sara, 'سلام علی!')).toHaveCount(1);

  // 7. One leaves, and the other's list changes.
  await ali.context().close();
  await expect(people(sara).locator('.name')).toHaveText(['سارا']);
  await expect(sara.getByRole('log')).toContainText('علی رفت');
});

test('the five steps light up as they really happen', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'گام', 'سارا');
  await sara.getByText('پنج گام هر گفت‌وگو').click();
  const steps = sara.locator('.lesson .steps li');
  await expect(steps).toHaveCount(5);
  const done = sara.locator('.lesson .steps li[data-done]');
  await expect(done).toHaveCount(2);
  await say(sara, 'یک');
  await expect(done).toHaveCount(4);
  await expect(steps.nth(3)).toContainText('seq 1');
  await server.stop();
  await expect(steps.nth(4)).toContainText('close 4000');
});
