// Persian and English in one line. What is asserted is where the words are on the screen, not
// which attribute was set: scrambled text has every attribute right.

import type { Locator, Page } from '@playwright/test';

import { expect, test } from './fixtures/test.ts';
import { enter, enterByLink, log, message, say } from './room.ts';

/** The horizontal middle of each of these words, as drawn. */
async function middles(where: Locator, words: string[]): Promise<number[]> {
  return where.evaluate((element, words) => {
    const text = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const found = new Map<string, number>();
    for (let node = text.nextNode(); node; node = text.nextNode()) {
      for (const word of words) {
        const at = node.textContent!.indexOf(word);
        if (at < 0 || found.has(word)) continue;
        const range = document.createRange();
        range.setStart(node, at);
        range.setEnd(node, at + word.length);
        const box = range.getBoundingClientRect();
        found.set(word, (box.left + box.right) / 2);
      }
    }
    return words.map((word) => found.get(word)!);
  }, words);
}

const isRightToLeft = (xs: number[]) => xs.every((x, i) => i === 0 || x < xs[i - 1]!);
const isLeftToRight = (xs: number[]) => xs.every((x, i) => i === 0 || x > xs[i - 1]!);

async function said(page: Page, text: string, part: string): Promise<Locator> {
  await say(page, text);
  // Its echo takes the place of what was being sent; measure what stays.
  await expect(message(page, part).getByText('فرستاده شد')).toBeAttached();
  return message(page, part).locator('.text');
}

test('words stand in the order they are read', async ({ server, somebody }) => {
  const page = await somebody();
  await enter(page, server.url, 'direction', 'سارا');

  // Persian that begins with an English word is still Persian.
  const persian = await said(page, 'README را بخوان لطفاً', 'README');
  expect(isRightToLeft(await middles(persian, ['README', 'را', 'بخوان', 'لطفاً']))).toBe(true);

  // Persian around an address, with its punctuation after it.
  const address = await said(page, 'ببین https://example.ir/a?b=1 خوب است؟', 'ببین');
  expect(isRightToLeft(await middles(address, ['ببین', 'example.ir', 'خوب', 'است']))).toBe(true);
  await expect(address.locator('a')).toHaveAttribute('href', 'https://example.ir/a?b=1');

  // English with one Persian word stays English.
  const english = await said(page, 'we say سلام to everyone here', 'everyone');
  expect(isLeftToRight(await middles(english, ['we', 'say', 'سلام', 'to', 'everyone']))).toBe(true);

  // Code is never mirrored.
  const code = await said(page, 'بزن `cargo run --release` تمام', 'تمام');
  expect(isLeftToRight(await middles(code.locator('code'), ['cargo', 'run', '--release']))).toBe(true);
  expect(isRightToLeft(await middles(code, ['بزن', 'run', 'تمام']))).toBe(true);

  // Each line has its own direction.
  await composerLines(page, ['سلام دنیا', 'hello big world']);
  await expect(message(page, 'hello big').getByText('فرستاده شد')).toBeAttached();
  const lines = message(page, 'hello big').locator('p');
  expect(isRightToLeft(await middles(lines.nth(0), ['سلام', 'دنیا']))).toBe(true);
  expect(isLeftToRight(await middles(lines.nth(1), ['hello', 'big', 'world']))).toBe(true);
});

async function composerLines(page: Page, lines: string[]): Promise<void> {
  const field = page.getByLabel('متن پیام');
  for (const [at, line] of lines.entries()) {
    if (at > 0) await field.press('Shift+Enter');
    await field.pressSequentially(line);
  }
  await field.press('Enter');
}

test("one's own messages are on one side, everyone else's on the other", async ({ server, somebody }) => {
  const sara = await somebody();
  const ali = await somebody();
  await enter(sara, server.url, 'sides', 'سارا');
  await enter(ali, server.url, 'sides', 'Ali');
  await say(sara, 'از سارا');
  await say(ali, 'from Ali, in English');
  const mine = await message(sara, 'از سارا').locator('.bubble').boundingBox();
  await expect(message(sara, 'from Ali')).toBeVisible();
  const theirs = await message(sara, 'from Ali').locator('.bubble').boundingBox();
  const column = await sara.locator('.timeline').boundingBox();
  // Right to left: others begin at the right, one's own end at the left.
  expect(Math.abs(mine!.x - column!.x)).toBeLessThan(4);
  expect(theirs!.x + theirs!.width).toBeGreaterThan(column!.x + column!.width - 60);
});

test('a Latin name does not scramble the sentence it stands in', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'names', 'سارا');
  const sam = await somebody();
  await enterByLink(sam, server.url, 'names', 'Sam (UK) 2');
  const line = log(sara).locator('.comings');
  await expect(line).toHaveText('Sam (UK) 2 آمد');
  expect(isRightToLeft(await middles(line, ['Sam (UK) 2', 'آمد']))).toBe(true);
  expect(isLeftToRight(await middles(line.locator('bdi'), ['Sam', '(UK)', '2']))).toBe(true);
});

test('an empty composer is right to left, and follows what is written', async ({ server, somebody }) => {
  const page = await somebody();
  await enter(page, server.url, 'composer', 'سارا');
  const direction = () => page.getByLabel('متن پیام').evaluate((field) => getComputedStyle(field).direction);
  expect(await direction()).toBe('rtl');
  await page.getByLabel('متن پیام').fill('hello there');
  expect(await direction()).toBe('ltr');
  await page.getByLabel('متن پیام').fill('');
  expect(await direction()).toBe('rtl');
});

test('ZWNJ survives the way through the room', async ({ server, somebody }) => {
  const page = await somebody();
  await enter(page, server.url, 'zwnj', 'سارا');
  const body = await said(page, 'می‌روم خانه‌ی کتاب‌ها', 'خانه');
  expect(await body.textContent()).toBe('می‌روم خانه‌ی کتاب‌ها');
});
