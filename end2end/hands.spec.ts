// What hands do beside writing: going back, dropping, pasting, closing the tab, forgetting.

import type { Page } from '@playwright/test';

import { expect, test } from './fixtures/test.ts';
import { composer, enterByLink, joined, log, message, people, say, status } from './room.ts';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** Comes by a link, from a page that one can go back to. */
async function enter(page: Page, url: string, room: string, name: string): Promise<void> {
  await page.goto(url);
  await enterByLink(page, url, room, name);
}

const openPeople = (page: Page) => page.getByRole('button', { name: 'دیدن افراد اتاق' });
const closePeople = (page: Page) => page.getByRole('button', { name: 'بستن فهرست افراد' });
const sharing = (page: Page) => page.locator('dialog#share');
const openMenu = (page: Page) => page.getByRole('button', { name: 'گزینه‌های بیشتر' });
const openSharing = (page: Page) => page.locator('.invitation').getByRole('button', { name: 'هم‌رسانی' });
const depth = (page: Page) => page.evaluate(() => history.length);

test.describe('back', () => {
  test('back closes what is open, then leaves', async ({ server, somebody }) => {
    const page = await somebody(PHONE);
    await enter(page, server.url, 'back', 'سارا');
    for (const [open, opened] of [
      [openPeople(page), people(page)],
      [openSharing(page), sharing(page)],
      [openMenu(page), page.locator('#menu')],
    ] as const) {
      await open.tap();
      await expect(opened).toBeVisible();
      await page.goBack();
      await expect(opened).toBeHidden();
      await expect(status(page)).toHaveText('وصل');
    }
    await page.goBack();
    await expect(page).toHaveURL(`${server.url}/`);
  });

  test('layers close one by one', async ({ server, somebody }) => {
    const page = await somebody(PHONE);
    await enter(page, server.url, 'layers', 'سارا');
    await openPeople(page).tap();
    await page.getByRole('button', { name: 'تغییر نام' }).tap();
    const field = page.getByLabel('نام تازه‌ی شما');
    await expect(field).toBeVisible();
    await page.goBack();
    await expect(field).toBeHidden();
    await expect(people(page)).toBeVisible();
    await page.goBack();
    await expect(people(page)).toBeHidden();
    await page.goBack();
    await expect(page).toHaveURL(`${server.url}/`);
  });

  test('a menu gives its place to a dialog', async ({ server, somebody }) => {
    const page = await somebody(PHONE);
    await enter(page, server.url, 'menu', 'سارا');
    const before = await depth(page);
    await openMenu(page).tap();
    await expect.poll(() => depth(page)).toBe(before + 1);
    await page.locator('#share-button').tap();
    await expect(sharing(page)).toBeVisible();
    await expect(page.locator('#menu')).toBeHidden();
    expect(await depth(page)).toBe(before + 1);
    await page.goBack();
    await expect(sharing(page)).toBeHidden();
    // Open in a window that gets room for it, a menu is none any more.
    await openMenu(page).tap();
    await page.setViewportSize({ width: 1280, height: 800 });
    await expect.poll(() => page.evaluate(() => history.state ?? 0)).toBe(0);
    await page.goBack();
    await expect(page).toHaveURL(`${server.url}/`);
  });

  test('what was closed by hand costs no back', async ({ server, somebody }) => {
    const page = await somebody(PHONE);
    await enter(page, server.url, 'by-hand', 'سارا');
    const before = await depth(page);
    for (const close of [
      () => closePeople(page).tap(),
      () => page.keyboard.press('Escape'),
      // Two at once: the form goes with its drawer.
      async () => {
        await page.getByRole('button', { name: 'تغییر نام' }).tap();
        await expect.poll(() => depth(page)).toBe(before + 2);
        await page.locator('#room > .backdrop').click({ position: { x: 380, y: 400 } });
      },
    ]) {
      await openPeople(page).tap();
      await expect(people(page)).toBeVisible();
      await close();
      await expect(people(page)).toBeHidden();
      await expect.poll(() => page.evaluate(() => history.state ?? 0)).toBe(0);
    }
    await openSharing(page).tap();
    await page.keyboard.press('Escape');
    await expect(sharing(page)).toBeHidden();
    await expect.poll(() => page.evaluate(() => history.state ?? 0)).toBe(0);
    await page.goBack();
    await expect(page).toHaveURL(`${server.url}/`);
  });

  test('forward opens again what back closed', async ({ server, somebody }) => {
    const page = await somebody(PHONE);
    await enter(page, server.url, 'forward', 'سارا');
    await openPeople(page).tap();
    await page.goBack();
    await expect(people(page)).toBeHidden();
    await page.goForward();
    await expect(people(page)).toBeVisible();
    await page.goBack();
    await expect(people(page)).toBeHidden();
    await page.goBack();
    await expect(page).toHaveURL(`${server.url}/`);
    // And the room itself is there again, one step forward.
    await page.goForward();
    await joined(page);
    await expect(people(page)).toBeHidden();
  });

  test('a reload keeps what was open', async ({ server, somebody }) => {
    const page = await somebody(PHONE);
    await enter(page, server.url, 'reloaded', 'سارا');
    await openPeople(page).tap();
    await page.getByRole('button', { name: 'تغییر نام' }).tap();
    await page.reload();
    await expect(page.locator('.link-state')).toHaveAttribute('data-link', 'open');
    await expect(people(page)).toBeVisible();
    // A half-typed name is not kept, and costs no back.
    await expect(page.getByLabel('نام تازه‌ی شما')).toBeHidden();
    await page.goBack();
    await expect(people(page)).toBeHidden();
    await page.goBack();
    await expect(page).toHaveURL(`${server.url}/`);
  });

  test('the X-ray of a phone closes too', async ({ server, somebody }) => {
    const page = await somebody(PHONE);
    await enter(page, server.url, 'xray-back', 'سارا');
    const xray = page.locator('#xray');
    await page.locator('#xray-button').tap();
    await expect(xray).toBeVisible({ timeout: 15_000 });
    await page.goBack();
    await expect(xray).toBeHidden();
    await page.locator('#xray-button').tap();
    await expect(xray).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(xray).toBeHidden();
    await page.goBack();
    await expect(page).toHaveURL(`${server.url}/`);
  });

  test('what stands beside is no layer', async ({ server, somebody }) => {
    const page = await somebody();
    await enter(page, server.url, 'wide', 'سارا');
    const before = await depth(page);
    await page.getByRole('button', { name: 'تغییر نام' }).click();
    await page.locator('#xray-button').click();
    await expect(page.locator('#xray')).toBeVisible({ timeout: 15_000 });
    expect(await depth(page)).toBe(before);
    await composer(page).press('Escape');
    await expect(page.locator('#xray')).toBeVisible();
    // Over the whole page it is one.
    await page.locator('#xray .widen').click();
    await expect.poll(() => depth(page)).toBe(before + 1);
    await page.goBack();
    await expect(page.locator('#xray')).toBeHidden();
    await page.goBack();
    await expect(page).toHaveURL(`${server.url}/`);
  });

  test('a turned phone is not left inert', async ({ server, somebody }) => {
    const page = await somebody(PHONE);
    await enter(page, server.url, 'turned', 'سارا');
    await openPeople(page).tap();
    await page.setViewportSize({ width: 932, height: 430 });
    await expect(page.locator('.talk')).not.toHaveAttribute('inert');
    await composer(page).fill('سلام');
    await expect.poll(() => page.evaluate(() => history.state)).toBeFalsy();
    await page.goBack();
    await expect(page).toHaveURL(`${server.url}/`);
  });
});

/** Drops this at the middle of an element, as a hand does: over it first. False if the page let the browser act. */
async function drop(page: Page, selector: string, data: { file?: string; [type: string]: string | undefined }): Promise<boolean> {
  return page.locator(selector).evaluate((target, { file, ...texts }) => {
    const dataTransfer = new DataTransfer();
    if (file) dataTransfer.items.add(new File(['x'], file));
    for (const [type, text] of Object.entries(texts)) dataTransfer.setData(type, text!);
    const fire = (type: string) =>
      !target.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    return fire('dragover') && fire('drop');
  }, data);
}

const NO_FILES = 'این‌جا فقط متن می‌شود فرستاد، نه فایل و تصویر.';

test.describe('dropping and pasting', () => {
  test('a dropped file leaves the page alone', async ({ server, somebody }) => {
    const page = await somebody();
    await enter(page, server.url, 'drop', 'سارا');
    for (const place of ['#scroller', '#composer', '.bar', '#people']) {
      expect(await drop(page, place, { file: 'عکس.png' }), place).toBe(true);
      await expect(page.locator('.composer [role=alert]')).toHaveText(NO_FILES);
      await composer(page).pressSequentially('س');
      await expect(page.locator('.composer [role=alert]')).toHaveText('');
    }
  });

  test('text is dropped only where one writes', async ({ server, somebody }) => {
    const page = await somebody();
    await page.goto(server.url);
    await expect(page.getByLabel('نام شما')).toBeVisible();
    const link = { 'text/uri-list': 'https://example.ir/', 'text/plain': 'https://example.ir/' };
    await expect.poll(() => drop(page, 'main', link)).toBe(true);
    expect(await drop(page, '#room', link)).toBe(false);
    expect(await drop(page, '#room', { file: 'a.txt' })).toBe(true);
    await enter(page, server.url, 'drop-text', 'سارا');
    expect(await drop(page, '#scroller', link)).toBe(true);
    expect(await drop(page, '#composer', link)).toBe(false);
    expect(await drop(page, '#address', link), 'nobody writes there').toBe(true);
  });

  test('a pasted picture is answered in words', async ({ server, somebody }) => {
    const page = await somebody();
    await enter(page, server.url, 'paste', 'سارا');
    const paste = (withText: boolean) =>
      composer(page).evaluate((field, withText) => {
        const clipboardData = new DataTransfer();
        clipboardData.items.add(new File(['x'], 'image.png', { type: 'image/png' }));
        // As spreadsheets do: the cells as text, and a picture of them.
        if (withText) clipboardData.setData('text/plain', 'متن');
        field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
      }, withText);
    await paste(true);
    await expect(page.locator('.composer [role=alert]')).toHaveText('');
    await paste(false);
    await expect(page.locator('.composer [role=alert]')).toHaveText(NO_FILES);
  });
});

test.describe('closing the tab', () => {
  test.use({ expectedComplaints: [/WebSocket connection to .* failed/] });

  /** Closes the tab as a person does, and says whether the browser asked; then the answer was to stay. */
  async function asks(page: Page): Promise<boolean> {
    let asked = false;
    page.once('dialog', async (dialog) => {
      asked = dialog.type() === 'beforeunload';
      await dialog.dismiss();
    });
    await page.close({ runBeforeUnload: true });
    await page.waitForEvent('close', { timeout: 2_000 }).catch(() => undefined);
    return asked;
  }

  test('a draft is not lost without asking', async ({ server, somebody }) => {
    const page = await somebody();
    await enter(page, server.url, 'draft', 'سارا');
    await composer(page).pressSequentially('نیمه‌کاره');
    expect(await asks(page)).toBe(true);
    await expect(composer(page)).toHaveValue('نیمه‌کاره');
  });

  test('what waits is not lost without asking', async ({ server, somebody }) => {
    const page = await somebody();
    await enter(page, server.url, 'waits', 'سارا');
    await server.kill();
    await composer(page).pressSequentially('در راه');
    await composer(page).press('Enter');
    await expect(message(page, 'در راه')).toBeVisible();
    expect(await asks(page)).toBe(true);
    await server.restart();
    await expect(message(page, 'در راه').getByText('فرستاده شد')).toBeAttached({ timeout: 20_000 });
    await expect.poll(() => page.evaluate(() => window.onbeforeunload)).toBe(null);
    expect(await asks(page)).toBe(false);
  });

  test('nothing unsent, nothing asked', async ({ server, somebody }) => {
    const page = await somebody();
    await enter(page, server.url, 'nothing', 'سارا');
    await composer(page).pressSequentially('سلام');
    await composer(page).press('Enter');
    await expect(message(page, 'سلام').getByText('فرستاده شد')).toBeAttached();
    await composer(page).pressSequentially('  ');
    expect(await page.evaluate(() => window.onbeforeunload)).toBe(null);
    expect(await asks(page)).toBe(false);
  });
});

test.describe('a refused message', () => {
  test.use({ serverOptions: ['--text-max', '60'] });

  const LONG = 'این پیام برای سرور این آزمون بیش از اندازه بلند است و پذیرفته نمی‌شود';
  const edit = (page: Page) => page.getByRole('button', { name: 'ویرایش این پیام' });

  test('a refused message is taken back and edited', async ({ server, somebody }) => {
    const page = await somebody();
    await enter(page, server.url, 'edit', 'سارا');
    await say(page, LONG);
    await composer(page).pressSequentially('تازه');
    await edit(page).click();
    await expect(composer(page)).toHaveValue(`تازه\n${LONG}`);
    await expect(composer(page)).toBeFocused();
    await expect(page.locator('.message')).toHaveCount(0);
    const caret = await composer(page).evaluate((field) => (field as HTMLTextAreaElement).selectionStart);
    expect(caret).toBe(`تازه\n${LONG}`.length);
    // As if it had been typed: it can be undone, and is a draft.
    await page.keyboard.press('Control+z');
    await expect(composer(page)).toHaveValue('تازه');
    await page.keyboard.press('Control+Shift+z');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('کوتاه');
    await page.keyboard.press('Enter');
    await expect(message(page, 'کوتاه').getByText('فرستاده شد')).toBeAttached();
  });

  test('a reload keeps the refusal and the text', async ({ server, somebody }) => {
    const page = await somebody();
    await enter(page, server.url, 'edit-later', 'سارا');
    await say(page, LONG);
    await expect(edit(page)).toBeVisible();
    await page.reload();
    await joined(page);
    await expect(page.locator('.message[data-state=refused]')).toHaveCount(1);
    await edit(page).click();
    await expect(composer(page)).toHaveValue(LONG);
    await expect(page.locator('.message')).toHaveCount(0);
    await page.reload();
    await joined(page);
    await expect(composer(page)).toHaveValue(LONG);
    await expect(page.locator('.message')).toHaveCount(0);
  });
});

test.describe('a shared computer', () => {
  test('the last one is forgotten by a button', async ({ server, somebody }) => {
    const page = await somebody();
    await enter(page, server.url, 'shared', 'سارا');
    await say(page, 'راز');
    await expect(message(page, 'راز').getByText('فرستاده شد')).toBeAttached();
    await composer(page).fill('نیمه');
    await page.goto(server.url);
    await expect(page.getByLabel('نام شما')).toHaveValue('سارا');
    await expect(page.locator('#recent a')).toHaveText(['shared']);
    // Another tab of the same person, which nobody looks at.
    const other = await page.context().newPage();
    await other.goto(server.url);
    await expect(other.getByLabel('نام شما')).toHaveValue('سارا');

    const forget = page.getByRole('button', { name: 'فراموش‌کردن نام و اتاق‌ها' });
    await forget.click();
    await expect(page.getByLabel('نام شما')).toHaveValue('');
    await expect(page.getByLabel('نام شما')).toBeFocused();
    await expect(page.locator('#recent a')).toHaveCount(0);
    await expect(forget).toBeHidden();
    expect(await page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)])).toEqual([]);
    await expect(other.getByLabel('نام شما')).toHaveValue('');
    await expect(other.locator('#recent a')).toHaveCount(0);

    // The room knows nobody either.
    await page.goto(`${server.url}/r/shared`);
    await expect(page.getByLabel('نام شما')).toHaveValue('');
    await expect(log(page)).toBeHidden();
    await page.getByLabel('نام شما').fill('علی');
    await page.getByRole('button', { name: 'ورود به اتاق' }).click();
    await joined(page);
    await expect(message(page, 'راز')).toHaveCount(0);
    await expect(composer(page)).toHaveValue('');
  });

  test('whoever is new has nothing to forget', async ({ server, somebody }) => {
    const page = await somebody();
    await page.goto(server.url);
    await expect(page.getByLabel('نام شما')).toBeVisible();
    await expect(async () => {
      await page.getByRole('button', { name: 'اتاق تصادفی' }).click();
      await expect(page.getByLabel('نام اتاق')).not.toHaveValue('', { timeout: 100 });
    }).toPass();
    await expect(page.getByRole('button', { name: 'فراموش‌کردن نام و اتاق‌ها' })).toBeHidden();
  });
});
