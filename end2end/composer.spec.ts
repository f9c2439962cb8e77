// Writing, typing, reading above, and being elsewhere.

import { Conversation, TALKATIVE } from './fixtures/conversation.ts';
import { expect, test } from './fixtures/test.ts';
import { composer, enter, enterByLink, joined, log, message, say } from './room.ts';

test('Enter sends and Shift+Enter breaks the line', async ({ server, somebody }) => {
  const page = await somebody();
  await enter(page, server.url, 'enter', 'سارا');
  await composer(page).pressSequentially('یک');
  await composer(page).press('Shift+Enter');
  await composer(page).pressSequentially('دو');
  await composer(page).press('Enter');
  await expect(composer(page)).toHaveValue('');
  await expect(message(page, 'یک').locator('p')).toHaveText(['یک', 'دو']);
});

test('Ctrl+Enter and Cmd+Enter send as well', async ({ server, somebody }) => {
  const page = await somebody();
  await enterByLink(page, server.url, 'ctrl-enter', 'سارا');
  for (const modifier of ['Control', 'Meta']) {
    await composer(page).pressSequentially(modifier);
    await composer(page).press(`${modifier}+Enter`);
    await expect(composer(page)).toHaveValue('');
    await expect(message(page, modifier)).toBeVisible();
  }
});

test('Enter that belongs to an input method sends nothing', async ({ server, somebody }) => {
  const page = await somebody();
  await enter(page, server.url, 'ime', 'سارا');
  await composer(page).fill('نیمه');
  for (const init of [{ isComposing: true }, { keyCode: 229 }, { isComposing: true, ctrlKey: true }]) {
    await composer(page).dispatchEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...init });
  }
  await expect(composer(page)).toHaveValue('نیمه');
  await expect(page.locator('.message')).toHaveCount(0);
});

test('an empty or overlong text cannot be sent', async ({ server, somebody }) => {
  const page = await somebody();
  await enter(page, server.url, 'length', 'سارا');
  const send = page.getByRole('button', { name: 'فرستادن', exact: true });
  await expect(send).toBeDisabled();
  await composer(page).fill('   \n ');
  await expect(send).toBeDisabled();
  await composer(page).fill('س'.repeat(4_100));
  await expect(send).toBeDisabled();
  await expect(page.locator('.composer')).toContainText('۴ نویسه بیشتر از اندازه');
  // Enter does not do nothing without a word.
  await composer(page).press('Enter');
  await expect(page.locator('.composer [role=alert]')).toHaveText('پیام بلندتر از اندازه است؛ کوتاه‌ترش کنید.');
  await expect(page.locator('.message')).toHaveCount(0);
  await composer(page).fill('س'.repeat(4_090));
  await expect(page.locator('.composer')).toContainText('۶ نویسه مانده');
  await expect(page.locator('.composer [role=alert]')).toHaveText('');
  await expect(send).toBeEnabled();
});

test('the others see that one is typing, until one speaks', async ({ server, somebody }) => {
  const sara = await somebody();
  const ali = await somebody();
  await enter(sara, server.url, 'typing', 'سارا');
  await enter(ali, server.url, 'typing', 'علی');
  await composer(sara).pressSequentially('سل');
  await expect(ali.locator('.who-types')).toHaveText('سارا می‌نویسد…');
  await expect(sara.locator('.who-types')).toHaveText('');
  await composer(sara).press('Enter');
  await expect(ali.locator('.who-types')).toHaveText('');
});

test('reading above is not disturbed, and a button leads back', async ({ server, somebody }) => {
  const sara = await somebody({ viewport: { width: 900, height: 500 } });
  const ali = await somebody();
  await enter(sara, server.url, 'above', 'سارا');
  await enter(ali, server.url, 'above', 'علی');
  // Long messages rather than many: one session may not speak faster than the room allows.
  for (let n = 1; n <= 4; n++) await say(ali, `پیام ${n}\n${'خط\n'.repeat(12)}پایان`);
  await expect(message(sara, 'پیام 4')).toBeInViewport();
  await log(sara).evaluate((scroller) => scroller.scrollTo(0, 0));
  await expect(message(sara, 'پیام 1')).toBeInViewport();
  const before = await message(sara, 'پیام 1').boundingBox();
  await say(ali, 'تازه');
  const button = sara.getByRole('button', { name: '۱ پیام تازه' });
  await expect(button).toBeVisible();
  expect((await message(sara, 'پیام 1').boundingBox())!.y).toBe(before!.y);
  await button.click();
  await expect(message(sara, 'تازه')).toBeInViewport();
  await expect(button).toBeHidden();
});

test('a composer that grows hides nothing of the newest message', async ({ server, somebody }) => {
  const page = await somebody({ viewport: { width: 900, height: 500 } });
  await enter(page, server.url, 'grow', 'سارا');
  await say(page, `${'خط\n'.repeat(30)}پایان`);
  const last = page.locator('.message p').last();
  await expect(last).toBeInViewport({ ratio: 1 });
  for (let n = 0; n < 5; n++) await composer(page).press('Shift+Enter');
  const gap = async () => {
    const [text, box] = [await last.boundingBox(), await page.locator('.composer').boundingBox()];
    return box!.y - (text!.y + text!.height);
  };
  await expect.poll(gap).toBeGreaterThanOrEqual(0);
});

test('typing several lines leaves the end nowhere', async ({ server, somebody }) => {
  const page = await somebody({ viewport: { width: 900, height: 500 } });
  await enterByLink(page, server.url, 'lines', 'سارا');
  await say(page, `${'خط\n'.repeat(30)}پایان`);
  const last = page.locator('.message p').last();
  await expect(last).toBeInViewport({ ratio: 1 });
  await page.evaluate(() => {
    const scroller = document.getElementById('scroller')!;
    let highest = 0;
    scroller.addEventListener('scroll', () => {
      // What the composer gains the conversation loses: its end only ever goes further down.
      if (scroller.scrollTop < highest) document.body.dataset.wentUp = `${highest} ${scroller.scrollTop}`;
      highest = Math.max(highest, scroller.scrollTop);
    });
  });
  for (const line of ['یک', 'دو', 'سه', 'چهار']) {
    await composer(page).pressSequentially(line);
    await composer(page).press('Shift+Enter');
  }
  await composer(page).pressSequentially('پنج');
  await expect(page.getByRole('button', { name: 'رفتن به تازه‌ترین پیام' })).toBeHidden();
  expect(await page.evaluate(() => document.body.dataset.wentUp)).toBe(undefined);
});

test('the title counts what came while nobody looked', async ({ server, somebody }) => {
  const sara = await somebody();
  const ali = await somebody();
  await enter(sara, server.url, 'title', 'سارا');
  await enter(ali, server.url, 'title', 'علی');
  await sara.evaluate(() => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
  });
  await say(ali, 'کجایی؟');
  await say(ali, 'برگرد');
  await expect(sara).toHaveTitle(/^\(۲\)/);
  await sara.evaluate(() => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => false });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await expect(sara).toHaveTitle(/^.?title/);
});

test('only http and https become links, and nothing becomes markup', async ({ server, somebody }) => {
  const page = await somebody();
  await enter(page, server.url, 'links', 'سارا');
  await say(page, 'javascript:alert(1) <img src=x onerror=alert(1)> www.example.ir، http://a.ir');
  const body = message(page, 'javascript:').locator('.text');
  await expect(body).toHaveText('javascript:alert(1) <img src=x onerror=alert(1)> www.example.ir، http://a.ir');
  await expect(body.locator('img')).toHaveCount(0);
  expect(await body.locator('a').evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href))).toEqual([
    'https://www.example.ir/',
    'http://a.ir/',
  ]);
});

test('a half-typed name is not disturbed by others who come', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'half', 'سارا');
  await sara.getByRole('button', { name: 'تغییر نام' }).click();
  await sara.getByLabel('نام تازه‌ی شما').fill('نام نیمه');
  const ali = await somebody();
  await enter(ali, server.url, 'half', 'علی');
  await expect(sara.locator('#people .roster .name')).toHaveCount(2);
  await expect(sara.getByLabel('نام تازه‌ی شما')).toHaveValue('نام نیمه');
  await expect(sara.getByLabel('نام تازه‌ی شما')).toBeFocused();
  await sara.keyboard.press('Escape');
  await expect(sara.getByLabel('نام تازه‌ی شما')).toBeHidden();
});

test('another name is told to everybody, and a taken one is not taken', async ({ server, somebody }) => {
  const sara = await somebody();
  const ali = await somebody();
  await enter(sara, server.url, 'rename', 'سارا');
  await enter(ali, server.url, 'rename', 'علی');
  await ali.getByRole('button', { name: 'تغییر نام' }).click();
  await ali.getByLabel('نام تازه‌ی شما').fill('سارا');
  await ali.getByLabel('نام تازه‌ی شما').press('Enter');
  await expect(ali.locator('#rename-problem')).toContainText('این نام گرفته شده');
  await ali.getByLabel('نام تازه‌ی شما').fill('علیرضا');
  await ali.getByLabel('نام تازه‌ی شما').press('Enter');
  await expect(ali.locator('#people .roster .name').first()).toHaveText('علیرضا');
  await expect(log(sara)).toContainText('علی نامش را به علیرضا تغییر داد');
  await expect(ali.getByLabel('نام تازه‌ی شما')).toBeHidden();
  // It is one's name from now on, over a reload too.
  await ali.reload();
  await joined(ali);
  await expect(ali.locator('#people .roster .name').first()).toHaveText('علیرضا');
});

test.describe('in a long conversation', () => {
  test.use({ serverOptions: TALKATIVE });

  test('what is marked stays while others talk', async ({ server, somebody }) => {
    const page = await somebody();
    await enterByLink(page, server.url, 'marked', 'سارا');
    const others = await Conversation.join(server.url, 'marked');
    await others.talkUntil(40);
    await expect(message(page, others.newest)).toBeInViewport();
    const marked = message(page, others.newest).locator('.text');
    await marked.click({ clickCount: 3 });
    const words = () => page.evaluate(() => String(getSelection()));
    const [before, chosen] = [await marked.boundingBox(), await words()];
    expect(chosen).not.toBe('');
    await others.talkUntil(300);
    await expect(page.getByRole('button', { name: '۲۶۰ پیام تازه' })).toBeVisible();
    expect((await words()).trim()).toBe(chosen.trim());
    expect((await marked.boundingBox())!.y).toBe(before!.y);
    // Back at the end, the mark is gone and what comes is followed again.
    await page.getByRole('button', { name: '۲۶۰ پیام تازه' }).click();
    await expect(message(page, others.newest)).toBeInViewport();
    await others.talkUntil(301);
    await expect(message(page, others.newest)).toBeInViewport();
    others.leave();
  });

  test('Home and End reach the ends', async ({ server, somebody }) => {
    const page = await somebody();
    await enterByLink(page, server.url, 'ends', 'سارا');
    const others = await Conversation.join(server.url, 'ends');
    await others.talkUntil(1);
    await others.talkUntil(300);
    await expect(message(page, others.newest)).toBeInViewport();
    await log(page).focus();
    await page.keyboard.press('Home');
    await expect(log(page).locator('.message .text', { hasText: /#1$/ })).toBeInViewport();
    await page.keyboard.press('End');
    await expect(message(page, others.newest)).toBeInViewport();
    others.say();
    await expect(message(page, others.newest)).toBeInViewport();
    others.leave();
  });

  test('PageUp turns the conversation while writing', async ({ server, somebody }) => {
    const page = await somebody();
    await enterByLink(page, server.url, 'pages', 'سارا');
    const others = await Conversation.join(server.url, 'pages');
    await others.talkUntil(60);
    await expect(message(page, others.newest)).toBeInViewport();
    await composer(page).pressSequentially('نیمه');
    await page.keyboard.press('PageUp');
    await expect(message(page, others.newest)).not.toBeInViewport();
    await expect(composer(page)).toBeFocused();
    await page.keyboard.press('PageDown');
    await expect(message(page, others.newest)).toBeInViewport();
    await expect(composer(page)).toHaveValue('نیمه');
    others.leave();
  });
});
