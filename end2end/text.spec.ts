// Text stands as it was typed. What is asserted is where each character is on the screen, from left to
// right: scrambled text has every element and attribute right.

import { pathToFileURL } from 'node:url';

import type { Locator, Page } from '@playwright/test';

import { Member } from './fixtures/member.ts';
import { expect, test } from './fixtures/test.ts';
import { composer, enter, joined, message, say } from './room.ts';

test.use({ serverOptions: ['--messages-per-second', '0'] });

/** The characters of each line as drawn: from the left, and what is joined or unseen left out. */
const drawn = (lines: Locator): Promise<string[]> =>
  lines.evaluateAll((lines) =>
    lines.map((line) => {
      const texts = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
      const range = document.createRange();
      const characters: { c: string; x: number; y: number }[] = [];
      for (let text = texts.nextNode(); text; text = texts.nextNode()) {
        let at = 0;
        for (const c of text.textContent!) {
          range.setStart(text, at);
          range.setEnd(text, (at += c.length));
          const [box] = range.getClientRects();
          if (box && box.width > 0) characters.push({ c, x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2 });
        }
      }
      // What is on one row differs by less than half of its height.
      const rows: (typeof characters)[] = [];
      for (const one of characters.sort((a, b) => a.y - b.y)) {
        const row = rows.at(-1);
        if (row && one.y - row[0]!.y < 9) row.push(one);
        else rows.push([one]);
      }
      const row = (row: typeof characters) => row.sort((a, b) => a.x - b.x).map(({ c }) => c).join('');
      return rows.map(row).join('\n').replace(/[ \u00a0\u202f]+/g, ' ').trim();
    }),
  );

/** What is seen from left to right: pieces, of which the Persian ones are read from the right. */
const seen = (...pieces: string[]): string =>
  pieces.map((piece) => (/\p{Script=Arabic}/u.test(piece.replace(/[۰-۹٪]/g, '')) ? [...piece.replaceAll('\u200c', '')].reverse().join('') : piece)).join(' ');

const persian = (text: string): string => text.replace(/[0-9]/g, (digit) => '۰۱۲۳۴۵۶۷۸۹'[Number(digit)]!);

/** What a reader takes for one thing. */
const ONE_THING = [
  '+98 912 345 6789', '+98 (21) 8877-6655', '0912 345 6789', '0912-345-6789', '021-88776655', '6037-9917-1234-5678',
  '6037 9917 1234 5678', '001-234567-8', '1 000 000', '2026-11-26', '2026-11-26 10:30', '192.168.1.7:3000', '*733*1#',
  '2 + 2 = 4', '2+2=4', '(2 + 3) × 4 = 20', '18 / 20', '3 : 4', '-5', '+3', '−5%', '$20', '20$', '€15', '25°', '18+', '#1', '0..10',
  '5 km', '25 °C', '25°C', '100 MB/s', '16:9', '12:30', '1/2', '20 $', '(3, 4)', '[1, 2, 3]',
];
const IN_LATIN = [
  'C#', 'C++', '.gitignore', '--help', '-rf', '@sara', '#rust', '$PATH', '~/path', '/etc/x/', 'C:\\x\\', '../src/*.rs', 'a.b()',
  'foo[0]', 'v1.2.3-beta', '1.2.3-beta', 'npm install --save-dev', 'A+', 'B-', 'IR06 0120 0000 0000 1234 5678 90', 'IR06-0120-0000',
  'fe80::1', '::1', '[::1]:3000', '2026-11-26T10:00:00Z', 'x = 5', '5 = x', 'E = mc^2', '</b>', ':D', 'AT&T', 'ali@example.com',
  'HTTP/1.1 101', 'say "hi"', '10:30 AM', '26 Nov 2026', 'user_name', 'x -> y',
];

/** Where it stands in a Persian message: alone, first, in the middle, last, beside punctuation. */
const PLACES = (thing: string): string[] => [
  thing,
  `${thing} را ببین`,
  `ببین ${thing} را`,
  `ببین: ${thing}`,
  `ببین «${thing}»، خوب است؟`,
  `اول ${thing}، دوم ${thing}.`,
];

/** And what Persian orders: as typed, and as seen from left to right. */
const PERSIAN: [typed: string, seen: string][] = [
  ['نمره‌ها ۱۸ ۱۹ ۲۰', seen('۲۰', '۱۹', '۱۸', 'نمره‌ها')],
  ['نمره‌ها 18 19 20', seen('20', '19', '18', 'نمره‌ها')],
  ['۱۸ ۱۹ ۲۰', '۲۰ ۱۹ ۱۸'],
  ['صفحه ۱۰-۲۰', seen('۲۰-۱۰', 'صفحه')],
  ['صفحه 10-20 را بخوان', seen('را بخوان', '20-10', 'صفحه')],
  ['تاریخ ۱۴۰۵/۰۹/۰۵ است', seen('است', '۱۴۰۵/۰۹/۰۵', 'تاریخ')],
  ['۱۴۰۵/۰۹/۰۵', '۱۴۰۵/۰۹/۰۵'],
  ['تخفیف ۵۰٪ است', seen('است', '٪۵۰', 'تخفیف')],
  ['1. اول این', seen('اول این', '.1')],
  ['۱- اول این', seen('اول این', '-۱')],
  ['1. npm install بزن', seen('بزن', 'npm install', '.1')],
  ['دما -5 درجه', seen('درجه', '-5', 'دما')],
  ['زبان C# و C++ و .gitignore و --help', seen('--help', 'و', '.gitignore', 'و', 'C++', 'و', 'C#', 'زبان')],
  ['زبان C#، C++ و F#', seen('F#', 'و', 'C++', '،C#', 'زبان')],
  ['کارت 6037-9917-1234-5678 به نام سارا', seen('به نام سارا', '6037-9917-1234-5678', 'کارت')],
  ['در سال 2024 Google گفت', seen('گفت', 'Google', '2024', 'در سال')],
  ['git clone https://x.ir/a.git را بزن', seen('را بزن', 'git clone https://x.ir/a.git')],
  ['کووید-19 آمد', `${seen('آمد')} 19-${seen('کووید')}`],
  ['we say سلام 5 times to all of them', `we say ${seen('سلام')} 5 times to all of them`],
];

/** Says everything, a message for each thing, and gives what is to be seen of its lines. */
async function sayAll(who: Member): Promise<Map<string, (lines: string[]) => void>> {
  const checks = new Map<string, (lines: string[]) => void>();
  const things = [...ONE_THING, ...ONE_THING.map(persian), ...IN_LATIN];
  for (const thing of things) {
    const text = PLACES(thing).join('\n');
    await who.says(text);
    checks.set(text, (lines) => {
      for (const [at, line] of lines.entries()) expect.soft(line, PLACES(thing)[at]).toContain(thing.replace(/ +/g, ' '));
      expect.soft(lines.length, thing).toBe(PLACES(thing).length);
    });
  }
  const text = PERSIAN.map(([typed]) => typed).join('\n');
  await who.says(text);
  checks.set(text, (lines) => expect.soft(lines).toEqual(PERSIAN.map(([, seen]) => seen)));
  return checks;
}

test('what is one thing is drawn as one', async ({ server, somebody }) => {
  const page = await somebody({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
  await enter(page, server.url, 'text', 'سارا');
  const checks = await sayAll(await Member.join(server.url, 'text', 'Ali'));
  await expect(message(page, 'we say')).toBeVisible();
  const texts = page.locator('.message .text');
  expect(await texts.count()).toBe(checks.size);
  for (const [at, check] of [...checks.values()].entries()) check(await drawn(texts.nth(at).locator('p')));
});

test('the page without a program draws the same', async ({ page, server }) => {
  await page.goto('/classic/text?name=Sam');
  const checks = await sayAll(await Member.join(server.url, 'text', 'Ali'));
  await page.reload();
  const texts = page.locator('li .text');
  // It keeps the newest.
  const kept = [...checks.values()].slice(-(await texts.count()));
  expect(kept.length).toBeGreaterThan(80);
  for (const [at, check] of kept.entries()) check(await drawn(texts.nth(at).locator('> [dir]')));
  // A line ends where it ended.
  expect(await texts.last().innerText()).toBe(PERSIAN.map(([typed]) => typed).join('\n'));
});

const MIXED = 'دما -5 و C++ تمام';
const MIXED_SEEN = [seen('تمام', 'C++', 'و', '-5', 'دما')];

/** Says it with the X-ray on, and gives the panel. */
async function sayWatched(page: Page, url: string): Promise<Locator> {
  await enter(page, url, 'text', 'سارا');
  await page.getByRole('button', { name: 'زیر ذره‌بین' }).click();
  const panel = page.locator('#xray');
  // The X-ray is large.
  await panel.getByRole('tab', { name: 'فریم‌ها' }).click({ timeout: 20_000 });
  await expect(panel.locator('.frame').filter({ hasText: 'welcome' })).toHaveCount(1, { timeout: 20_000 });
  await joined(page);
  await say(page, MIXED);
  await expect(message(page, 'دما').getByText('فرستاده شد')).toBeAttached();
  return panel;
}

/** Opens the frame that said it, and looks at it. */
async function lookAtPayload(page: Page): Promise<void> {
  await page.getByRole('tab', { name: 'فریم‌ها' }).click();
  const own = page.locator('.frame[data-own]').filter({ has: page.locator('.kind', { hasText: /^say$/ }) });
  await own.getByRole('button').first().click();
  const payload = own.locator('.payload.wire');
  await expect(payload).toContainText(`"text":"${MIXED}"`);
  // Read from the right: where it is broken, the row above is the right one.
  const rows = (await drawn(payload.locator('bdi'))).map((rows) => rows.split('\n').reverse().map((row) => row.trim()).join(' '));
  expect(rows).toEqual(MIXED_SEEN);
}

test('the X-ray and the five ways draw the same', async ({ server, somebody }) => {
  const sara = await somebody();
  const panel = await sayWatched(sara, server.url);
  await lookAtPayload(sara);
  await panel.getByRole('tab', { name: 'مسیر پیام' }).click();
  await expect(panel.locator('blockquote')).toHaveText(MIXED);
  expect(await drawn(panel.locator('blockquote > [dir]'))).toEqual(MIXED_SEEN);

  await sara.goto(`${server.url}/ways/text`);
  await sara.getByLabel('پیام', { exact: true }).fill(MIXED);
  await sara.getByRole('button', { name: 'ارسال' }).click();
  const heard = sara.locator('.messages .text > [dir]');
  await expect(heard).toHaveText(MIXED);
  expect(await drawn(heard)).toEqual(MIXED_SEEN);
});

test('what is taken home draws the same', async ({ server, somebody }, info) => {
  const sara = await somebody();
  const panel = await sayWatched(sara, server.url);
  await panel.getByRole('tab', { name: 'خروجی' }).click();
  const [html] = await Promise.all([sara.waitForEvent('download'), panel.locator('#take-page-home').click()]);
  const file = info.outputPath('otagh.html');
  await html.saveAs(file);
  const home = await somebody({ offline: true });
  await home.goto(pathToFileURL(file).href);
  await lookAtPayload(home);
});

test('Persian in an address is readable and in its place', async ({ server, somebody }) => {
  const page = await somebody();
  await enter(page, server.url, 'address', 'سارا');
  const encoded = `https://fa.wikipedia.org/wiki/${encodeURIComponent('وب‌سوکت')}`;
  for (const [typed, shown, order] of [
    [encoded, 'https://fa.wikipedia.org/wiki/وب‌سوکت', `https://fa.wikipedia.org/wiki/${seen('وب‌سوکت')}`],
    ['https://x.ir/کلاس/درس/3?q=%D9%86%D8%A7%D9%86#a', 'https://x.ir/کلاس/درس/3?q=نان#a', `https://x.ir/${seen('کلاس')}/${seen('درس')}/3?q=${seen('نان')}#a`],
    ['https://مثال.ایران/راه', 'https://مثال.ایران/راه', `https://${seen('مثال')}.${seen('ایران')}/${seen('راه')}`],
    ['https://x.ir/%2F%20%E2%80%AE%D9', 'https://x.ir/%2F%20%E2%80%AE%D9', 'https://x.ir/%2F%20%E2%80%AE%D9'],
  ] as const) {
    await say(page, `ببین ${typed} خوب است؟`);
    const link = message(page, shown).locator('a').last();
    await expect(link).toHaveText(shown);
    expect(await link.getAttribute('href')).toBe(typed);
    expect(await drawn(link)).toEqual([order]);
  }
});

test('a draft that is one thing looks as it will', async ({ server, somebody }) => {
  const page = await somebody();
  await enter(page, server.url, 'draft', 'سارا');
  const direction = () => composer(page).evaluate((field) => getComputedStyle(field).direction);
  for (const [draft, expected] of [
    ['+98 912 345 6789', 'ltr'], ['۲ + ۲ = ۴', 'ltr'], ['6037-9917-1234-5678', 'ltr'], ['-5', 'ltr'], ['۱۸ ۱۹ ۲۰', 'rtl'], ['شماره: +98 912', 'rtl'], ['', 'rtl'],
  ] as const) {
    await composer(page).fill(draft);
    expect(await direction(), draft).toBe(expected);
  }
});

/** Selects from the start of one element to the end of another, and copies as people do. */
async function copied(page: Page, from: Locator, to: Locator = from): Promise<string> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const [first, last] = [await from.elementHandle(), await to.elementHandle()];
  await page.evaluate(
    ([first, last]) => {
      (document.activeElement as HTMLElement | null)?.blur();
      getSelection()!.setBaseAndExtent(first!, 0, last!, last!.childNodes.length);
    },
    [first, last] as const,
  );
  await page.keyboard.press('ControlOrMeta+c');
  return page.evaluate(() => navigator.clipboard.readText());
}

test('what is copied is what was typed', async ({ server, somebody }) => {
  const page = await somebody();
  await enter(page, server.url, 'copy', 'سارا');
  const ali = await Member.join(server.url, 'copy', 'Ali');
  const link = `https://fa.wikipedia.org/wiki/${encodeURIComponent('وب‌سوکت')}`;
  const code = 'ببین:\n```rust\nfn main() {\n    سلام();\n}\n```\nو `cargo run`';
  await say(page, 'شماره: +98 912 345 6789');
  await expect(message(page, 'شماره').getByText('فرستاده شد')).toBeAttached();
  await say(page, `می‌روم ${link} را C++`);
  await expect(message(page, 'می‌روم').getByText('فرستاده شد')).toBeAttached();
  await ali.says('یک\n\nدو\u200e -5');
  await ali.says(code);
  await expect(message(page, 'cargo')).toBeVisible();
  const rows = page.locator('.message');

  expect(await copied(page, rows.first(), rows.last())).toBe(
    `سارا:\nشماره: +98 912 345 6789\nمی‌روم ${link} را C++\n\nAli:\nیک\n\nدو\u200e -5\n${code}`,
  );
  // From within one text to within another.
  const lines = page.locator('.message .text p');
  expect(await copied(page, lines.first(), lines.nth(2))).toBe(
    `سارا:\nشماره: +98 912 345 6789\nمی‌روم ${link} را C++\n\nAli:\nیک`,
  );
  // One alone, as a whole, its text, and a line of it.
  for (const part of [rows.nth(2), rows.nth(2).locator('.bubble'), rows.nth(2).locator('.text')]) {
    expect(await copied(page, part)).toBe('یک\n\nدو\u200e -5');
  }
  expect(await copied(page, rows.nth(3).locator('.text'))).toBe(code);
  expect(await copied(page, rows.nth(2).locator('p').first())).toBe('یک');
  // All there is, with the keyboard.
  await page.locator('#scroller').press('ControlOrMeta+a');
  await page.keyboard.press('ControlOrMeta+c');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^سارا:\nشماره[^]*`cargo run`$/);

  // A field copies what is its own.
  await composer(page).fill('پیش‌نویس');
  await composer(page).press('ControlOrMeta+a');
  await page.keyboard.press('ControlOrMeta+c');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('پیش‌نویس');
});
