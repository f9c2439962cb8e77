// A page that somebody else has touched: extensions, translators and proxies put elements into documents,
// and programs do not always arrive or run. The page must come to life whatever was added to it, keep
// what was typed meanwhile, and where it cannot live say so and name the way that needs no program.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { Member } from './fixtures/member.ts';
import { expect, test } from './fixtures/test.ts';
import { composer, enter, message } from './room.ts';

/** What real extensions do to a page, each as the body of a content script at `document_idle`. */
const TOUCHES = {
  'an element before everything': `document.body.prepend(document.createElement('div'))`,
  'an element after each field': `
    for (const field of document.querySelectorAll('input, textarea')) field.after(document.createElement('span'))`,
  'every text wrapped': `
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) if (walker.currentNode.data.trim()) texts.push(walker.currentNode);
    for (const text of texts) {
      const wrap = document.createElement('font');
      text.replaceWith(wrap);
      wrap.append(text);
    }`,
  'elements taken out': `
    for (const gone of document.querySelectorAll('main > *, header > *')) gone.remove()`,
  'elements before the head and around the body': `
    document.documentElement.prepend(document.createElement('style'));
    document.documentElement.append(document.createElement('div'))`,
};

/** Joins by the page's own form and says something that somebody else hears. */
async function live(page: Page, url: string): Promise<void> {
  const other = await Member.join(url, 'touched', 'علی');
  await page.goto(`${url}/r/touched`);
  await page.getByLabel('نام شما').fill('سارا');
  await page.getByRole('button', { name: 'ورود' }).click();
  await page.getByRole('textbox', { name: 'پیام' }).fill('سلام');
  await page.getByRole('textbox', { name: 'پیام' }).press('Enter');
  await other.hears((msg) => msg.type === 'said' && msg.text === 'سلام');
  await other.says('درود');
  await expect(message(page, 'درود')).toBeVisible();
  other.close();
}

/** Keeps the program away until the answer is called. */
async function hold(page: Page): Promise<() => void> {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/*.wasm', async (route) => {
    await held;
    await route.continue();
  });
  return release;
}

for (const [what, script] of Object.entries(TOUCHES)) {
  test(`an extension's touch is harmless: ${what}`, async ({ server }) => {
    const folder = await mkdtemp(join(tmpdir(), 'otagh-extension-'));
    const manifest = {
      manifest_version: 3,
      name: 'touch',
      version: '1',
      content_scripts: [{ matches: ['<all_urls>'], js: ['touch.js'], run_at: 'document_idle' }],
    };
    await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
    await writeFile(join(folder, 'touch.js'), `${script};\ndocument.documentElement.dataset.touched = '';`);
    const options = test.info().project.use.launchOptions;
    const context = await chromium.launchPersistentContext('', {
      ...options,
      channel: 'chromium',
      args: [
        ...(options?.args ?? []),
        `--disable-extensions-except=${folder}`,
        `--load-extension=${folder}`,
        '--disable-features=DisableLoadExtensionCommandLineSwitch',
      ],
    });
    try {
      const page = await context.newPage();
      // The program comes only once the extension has been at the page.
      await page.route('**/*.wasm', async (route) => {
        await page.waitForFunction(() => 'touched' in document.documentElement.dataset);
        await route.continue();
      });
      await live(page, server.url);
    } finally {
      await context.close();
      await rm(folder, { recursive: true });
    }
  });
}

test('what was typed before the program came stays, with the cursor', async ({ server, somebody }) => {
  const page = await somebody();
  await enter(page, server.url, 'touched', 'سارا');
  const release = await hold(page);
  await page.reload({ waitUntil: 'commit' });
  await composer(page).pressSequentially('سلام دنیا');
  await composer(page).press('ArrowRight');
  release();
  await expect(page.locator('#page')).toHaveAttribute('data-alive', '');
  await expect(composer(page)).toBeFocused();
  await page.keyboard.type('!');
  await expect(composer(page)).toHaveValue('سلام دنی!ا');
});

test.describe('a program that does not live', () => {
  test.use({ expectedComplaints: [/./] });

  const ways: [string, (page: Page) => Promise<unknown>][] = [
    ['is not there', (page) => page.route('**/*.wasm', (route) => route.abort())],
    ['has no loader', (page) => page.route('**/otagh.js', (route) => route.fulfill({ status: 404 }))],
    ['is damaged', (page) => page.route('**/*.wasm', (route) => route.fulfill({ contentType: 'application/wasm', body: 'no' }))],
    ['breaks later', (page) => page.addInitScript(() => {
      addEventListener('load', () => setTimeout(() => {
        throw new WebAssembly.RuntimeError('unreachable');
      }, 500));
    })],
  ];
  for (const [how, spoil] of ways) {
    test(`is told, with a way on: ${how}`, async ({ server, somebody }) => {
      const page = await somebody();
      await spoil(page);
      await page.goto(`${server.url}/r/${encodeURIComponent('کلاس')}`);
      const told = page.getByRole('alert').filter({ hasText: 'این صفحه از کار افتاد' });
      await expect(told).toBeVisible();
      await expect(told.getByRole('link', { name: 'بارگیری دوباره' })).toBeVisible();
      await told.getByRole('link', { name: 'ورود با صفحه‌ی ساده' }).click();
      expect(decodeURIComponent(new URL(page.url()).pathname)).toBe('/classic/کلاس');
      await expect(page.getByLabel('نام شما')).toBeVisible();
    });
  }

  test('is told when it is only slow, and no longer once it is there', async ({ server, somebody }) => {
    const page = await somebody();
    await page.clock.install();
    const release = await hold(page);
    await page.goto(`${server.url}/r/slow`, { waitUntil: 'commit' });
    await expect(page.locator('#failed')).toBeHidden();
    await page.clock.runFor(16_000);
    await expect(page.locator('#failed')).toContainText('بیش از معمول');
    await expect(page.locator('#failed .slow')).toBeVisible();
    await expect(page.locator('#failed .broken')).toBeHidden();
    release();
    await expect(page.getByLabel('نام شما')).toBeVisible();
    await expect(page.locator('#failed')).toBeHidden();
  });
});

test('without JavaScript the room names the page that needs none', async ({ server, somebody }) => {
  const page = await somebody({ javaScriptEnabled: false });
  await page.goto(`${server.url}/r/${encodeURIComponent('کلاس')}`);
  await expect(page.getByText('در حال آماده‌شدن…').first()).toBeHidden();
  await page.locator('noscript a').click();
  expect(decodeURIComponent(new URL(page.url()).pathname)).toBe('/classic/کلاس');
});
