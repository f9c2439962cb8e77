// The demonstration of the lesson, step by step, as a class would see it.

import { expect, test } from './fixtures/test.ts';
import { composer, enter, joined, message, people, say } from './room.ts';

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

test('steps are open until somebody closes them', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'گام', 'سارا');
  const first = sara.locator('.lesson .steps li').first();
  await expect(first).toBeVisible();
  await sara.getByText('پنج گام هر گفت‌وگو').click();
  await expect(first).toBeHidden();
  await sara.reload();
  await joined(sara);
  await expect(first).toBeHidden();
  await sara.getByText('پنج گام هر گفت‌وگو').click();
  await sara.reload();
  await joined(sara);
  await expect(first).toBeVisible();
});

for (const reducedMotion of ['no-preference', 'reduce'] as const) {
  test(`a step that happens pulses, with ${reducedMotion}`, async ({ server, somebody }) => {
    const sara = await somebody({ reducedMotion });
    await enter(sara, server.url, 'گام', 'سارا');
    await sara.evaluate(() => {
      const { animate } = Element.prototype;
      Object.assign(window, { pulses: [] });
      Element.prototype.animate = function (...how) {
        (window as unknown as { pulses: string[] }).pulses.push(this.textContent!);
        return animate.apply(this, how);
      };
    });
    const pulses = () => sara.evaluate(() => (window as unknown as { pulses: string[] }).pulses);
    const said = sara.locator('.lesson .steps li').nth(3);
    for (const n of [1, 2]) {
      await say(sara, `پیام ${n}`);
      await expect(said).toContainText(`seq ${n}`);
    }
    const expected = reducedMotion === 'reduce' ? [] : ['۳', '۴', '۳', '۴'];
    await expect.poll(async () => (await pulses()).toSorted()).toEqual(expected.toSorted());
  });
}

test('steps and messages lead under the glass', async ({ server, somebody }) => {
  // Where the steps have room beside the panel.
  const sara = await somebody({ viewport: { width: 1920, height: 1080 } });
  await enter(sara, server.url, 'ذره', 'سارا');
  await say(sara, 'پیش از ضبط');
  const steps = sara.locator('.lesson .steps li');
  const open = sara.locator('#xray .frame:has([aria-expanded="true"])');
  await steps.nth(0).getByRole('button').click();
  await expect(sara.getByRole('tab', { name: 'دست‌تکانی' })).toHaveAttribute('aria-selected', 'true');
  await expect(sara.locator('#xray .lines').first()).toBeVisible();

  await steps.nth(1).getByRole('button').click();
  await expect(open.locator('.kind')).toHaveText('join');
  await joined(sara);

  // What was not recorded is said to be so; what is said now is shown when it comes.
  await steps.nth(2).getByRole('button').click();
  await expect(sara.getByText('پیش از روشن شدن ذره‌بین')).toBeVisible();
  for (const text of ['یک', 'دو', 'سه']) await say(sara, text);
  await expect(message(sara, 'سه').getByText('فرستاده شد')).toBeAttached();
  await expect(open.locator('.kind')).toHaveText('say');
  await expect(sara.getByText('پیش از روشن شدن ذره‌بین')).toBeHidden();
  await steps.nth(3).getByRole('button').click();
  await expect(open.locator('.kind')).toHaveText('said');

  // By the keyboard, too: the message that is meant, and no other.
  const say2 = message(sara, 'دو').locator('button.meta');
  await say2.focus();
  await sara.keyboard.press('Enter');
  await expect(open.locator('.kind')).toHaveText('say');
  await expect(open).toContainText('دو');
  await expect(open.locator('.row')).toBeFocused();

  // Of a hidden panel the button opens it.
  await sara.locator('#xray-button').click();
  await expect(sara.locator('#xray')).toBeHidden();
  await message(sara, 'سه').locator('button.meta').click();
  await expect(sara.locator('#xray')).toBeVisible();
  await expect(open).toContainText('سه');
});

test('on a phone a step closes the people and opens the glass', async ({ server, somebody }) => {
  const sara = await somebody({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await enter(sara, server.url, 'ذره', 'سارا');
  await sara.getByRole('button', { name: 'دیدن افراد اتاق' }).tap();
  await sara.locator('.lesson .steps li').first().getByRole('button').tap();
  await expect(sara.locator('#people')).toBeHidden();
  await expect(sara.locator('#xray .lines').first()).toBeVisible();
  await sara.goBack();
  await expect(sara.locator('#xray')).toBeHidden();
  await composer(sara).fill('سلام');
  await sara.getByRole('button', { name: 'فرستادن', exact: true }).tap();
  await message(sara, 'سلام').locator('button.meta').tap();
  await expect(sara.locator('#xray .frame:has([aria-expanded="true"])')).toContainText('سلام');
});
