// Names, rooms and the people who have them: what is typed, pasted or filled in is read as it was meant,
// spellings of one room meet, and everybody is found in the list, by the beginning of their name and by
// a colour of their own.

import type { Locator, Page } from '@playwright/test';

import { Member } from './fixtures/member.ts';
import { expect, test } from './fixtures/test.ts';
import { composer, enterByLink, joined, log, message, people, say, status } from './room.ts';

const name = (page: Page): Locator => page.getByLabel('نام شما');
const room = (page: Page): Locator => page.getByLabel('نام اتاق');
const goIn = (page: Page): Promise<void> => page.getByRole('button', { name: 'ورود به اتاق' }).click();
const heading = (page: Page): Locator => page.getByRole('heading', { level: 1 });
const path = (page: Page): string => decodeURIComponent(new URL(page.url()).pathname);

/** The home page, alive: then the first field that needs something has the focus. */
async function home(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForSelector('#page[data-alive]');
  await expect(name(page).or(room(page)).and(page.locator(':focus'))).toBeVisible();
}

/** Through the front door. */
async function enter(page: Page, url: string, where: string, who: string): Promise<void> {
  await home(page, url);
  await name(page).fill(who);
  await room(page).fill(where);
  await goIn(page);
  await joined(page);
}

test.describe('names', () => {
  // Chromium prints that a form was answered with what is wrong in it.
  test.use({ expectedComplaints: [/responded with a status of 400/] });

  test('marks that nobody typed are dropped', async ({ server, somebody }) => {
    const page = await somebody();
    const filledIn = ['\u202Aسارا\u202C', 'علی\u200F', '\uFEFFنیما', 'مر\u00ADیم', '\u2068دارا\u2069', '\u200Eرضا\u200B', 'لاله\uFFFC'];
    const meant = ['سارا', 'علی', 'نیما', 'مریم', 'دارا', 'رضا', 'لاله'];
    for (const [at, raw] of filledIn.entries()) {
      await home(page, server.url);
      await name(page).fill(raw);
      await room(page).fill(`marks-${at}`);
      await goIn(page);
      await joined(page);
      await expect(people(page).locator('.name')).toHaveText(meant[at]!);
      expect(await people(page).locator('.name').textContent()).toBe(meant[at]);
    }
    // By a link, and as another name in the room.
    await page.evaluate(() => (sessionStorage.clear(), localStorage.clear()));
    await page.goto(`${server.url}/r/marks`);
    await name(page).fill('\u202Bسارا\u202C\u200F');
    await goIn(page);
    await joined(page);
    await page.getByRole('button', { name: 'تغییر نام' }).click();
    await page.locator('#rename').fill('\u2068دارا\u2069');
    await page.locator('#rename').press('Enter');
    await expect(people(page).locator('.name')).toHaveText('دارا');
  });

  test('the form without a program drops them, too', async ({ server, somebody }) => {
    const page = await somebody({ javaScriptEnabled: false });
    await page.goto(`${server.url}/classic/marks`);
    await name(page).fill('\u202Aسارا\u202C\u200F');
    await page.getByRole('button', { name: 'ورود' }).click();
    await expect(page.getByText('از وقتی آمده‌اید چیزی گفته نشده است.')).toBeVisible();
    const other = await Member.join(server.url, 'marks', 'علی');
    expect(other.heard[0]!['members'].map((member: { name: string }) => member.name)).toContain('سارا');
    // What is wrong is told on the page.
    await page.goto(`${server.url}/classic/marks?client=x&name=${encodeURIComponent('  ')}`);
    await expect(page.getByRole('alert')).toHaveText('نامتان را بنویسید.');
    await page.goto(`${server.url}/classic/marks?client=x&name=${'a'.repeat(40)}`);
    await expect(page.getByRole('alert')).toContainText('۸ نویسه بلندتر');
  });

  test('every refusal says what was wrong', async ({ server, somebody }) => {
    const page = await somebody();
    await home(page, server.url);
    await expect(name(page)).toBeFocused();
    await goIn(page);
    await expect(page.locator('#name-problem')).toHaveText('نامتان را بنویسید.');
    await expect(page.locator('#room-problem')).toHaveText('نام اتاق را بنویسید.');
    await expect(name(page)).toBeFocused();

    await name(page).fill('ا'.repeat(40));
    await room(page).fill('x');
    await goIn(page);
    await expect(page.locator('#name-problem')).toHaveText('این نام ۸ نویسه بلندتر از اندازه است؛ بیشتر از ۳۲ نویسه نمی‌شود.');
    await expect(page.locator('#room-problem')).toHaveText('');
    await name(page).fill('سارا\uE000');
    await goIn(page);
    await expect(page.locator('#name-problem')).toContainText('U+E000');

    await name(page).fill('سارا');
    for (const [raw, why] of [
      ['  ', 'نام اتاق را بنویسید.'],
      ['🙂', 'نام اتاق را بنویسید.'],
      ['a/b', 'اتاقی با این نام نمی‌شود ساخت: علامت «\u2068/\u2069» در آن جا ندارد.'],
      ['C++', 'علامت «\u2068+\u2069»'],
      ['کلاس🌟ریاضی', 'شکلک «\u2068🌟\u2069»'],
      ['ا'.repeat(70), 'نام اتاق ۶ نویسه بلندتر از اندازه است؛ بیشتر از ۶۴ نویسه نمی‌شود.'],
      ['https://example.com/r/class', 'به سایت دیگری می‌رود'],
      ['https://example.com/', 'به هیچ اتاقی نمی‌رسد'],
    ] as const) {
      await room(page).fill(raw);
      await goIn(page);
      await expect(page.locator('#room-problem'), raw).toContainText(why);
      await expect(room(page), raw).toBeFocused();
      await expect(room(page), 'nothing is lost').toHaveValue(raw);
    }
  });
});

test.describe('rooms', () => {
  test('spellings of one room meet, and the first one is shown', async ({ server, somebody }) => {
    const sara = await somebody();
    await enter(sara, server.url, 'هم‌کلاسی', 'سارا');
    await expect(heading(sara)).toHaveText('هم‌کلاسی');
    for (const [at, spelling] of ['همکلاسی', 'هم کلاسی', 'هم  كلاسي', 'هم\u00A0کلاسی.', 'هـم‌کلاسی!', '🌟 هَم‌کلاسی'].entries()) {
      const other = await somebody();
      await home(other, server.url);
      await name(other).fill(`علی ${at}`);
      await room(other).fill(spelling);
      await goIn(other);
      await joined(other);
      await expect(heading(other), spelling).toHaveText('هم‌کلاسی');
      await expect(other).toHaveTitle(/هم‌کلاسی/);
      expect(path(other), spelling).toBe('/r/هم‌کلاسی');
      await other.close();
    }
    const ali = await somebody();
    await enterByLink(ali, server.url, 'هم_کلاسی', 'علی');
    await say(ali, 'سلام هم‌کلاسی');
    await expect(message(sara, 'سلام هم‌کلاسی')).toBeVisible();
  });

  test('digits and letters are shown as they were written', async ({ server, somebody }) => {
    const page = await somebody();
    await enter(page, server.url, 'کلاس ۴۰', 'سارا');
    await expect(heading(page)).toHaveText('کلاس-۴۰');
    await expect(page).toHaveTitle(/کلاس-۴۰/);
    const other = await somebody();
    await enterByLink(other, server.url, 'كلاس-40', 'علی');
    await expect(heading(other)).toHaveText('کلاس-۴۰');
    await expect(people(page).locator('.name')).toHaveCount(2);
    await enter(await somebody(), server.url, 'Math Class', 'Sam');
    const late = await somebody();
    await enterByLink(late, server.url, 'math-class', 'Kim');
    await expect(heading(late)).toHaveText('Math-Class');
    expect(path(late)).toBe('/r/Math-Class');
  });

  test('who was asked before the room was there follows its name', async ({ server, somebody }) => {
    const page = await somebody();
    await page.goto(`${server.url}/r/${encodeURIComponent('همکلاسی')}`);
    await expect(heading(page)).toHaveText('همکلاسی');
    await expect(name(page)).toBeFocused();
    const first = await Member.join(server.url, 'هم‌کلاسی', 'دارا');
    await name(page).fill('سارا');
    await goIn(page);
    await joined(page);
    await expect(heading(page)).toHaveText('هم‌کلاسی');
    await expect(page).toHaveTitle(/هم‌کلاسی/);
    expect(path(page)).toBe('/r/هم‌کلاسی');
    await say(page, 'یک');
    await expect(message(page, 'یک').getByText('فرستاده شد')).toBeAttached();
    // A reload is still the same person, who reads on.
    await page.reload();
    await joined(page);
    await expect(message(page, 'یک')).toBeVisible();
    await expect(people(page).locator('.name')).toHaveText(['سارا', 'دارا']);
    await first.says('دو');
    await expect(message(page, 'دو')).toBeVisible();
  });

  test('a link in a sentence leads to its room', async ({ server, somebody }) => {
    await Member.join(server.url, 'class', 'سارا');
    const page = await somebody();
    for (const end of ['.', '،', ')', '»', '!', '؟', ':', '/', '…', '%E2%80%8F']) {
      await page.goto(`${server.url}/r/class${end}`);
      expect(path(page), end).toBe('/r/class');
    }
    // Other words are other rooms.
    for (const other of ['classl', 'class1', 'clas']) {
      await page.goto(`${server.url}/r/${encodeURIComponent(other)}`);
      expect(path(page)).toBe(`/r/${other}`);
    }
  });

  test('a pasted invitation is the room', async ({ server, somebody }) => {
    const page = await somebody();
    const host = new URL(server.url).host;
    const encoded = encodeURIComponent('باغ-۱');
    for (const [at, pasted] of [
      `${server.url}/r/${encoded}`,
      `${server.url}/r/باغ-۱`,
      `${host}/r/${encoded}`,
      `/r/${encoded}`,
      `r/باغ-۱`,
      `www.${host}/r/${encoded}`,
      `http://localhost:${server.port}/classic/${encoded}?client=x`,
      `${server.url}/ways/${encoded}#x`,
      `${server.url}/r/${encoded}?utm_source=a&b=c`,
      `بیا این‌جا: ${server.url}/r/${encoded} منتظرم`,
      `بیا این‌جا:${server.url}/r/${encoded}، منتظرم!`,
      `«${server.url}/r/${encoded}».`,
      `\u202A${server.url}/r/${encoded}\u202C\u200F`,
      encodeURIComponent(`${server.url}/r/${encoded}`),
    ].entries()) {
      await home(page, server.url);
      await name(page).fill(`سارا ${at}`);
      await room(page).fill(pasted);
      await goIn(page);
      await joined(page);
      expect(path(page), pasted).toBe('/r/باغ-۱');
    }
    // Also where no program helps.
    const plain = await somebody({ javaScriptEnabled: false });
    await plain.goto(server.url);
    await name(plain).fill('سارا');
    await room(plain).fill(`بیا: ${server.url}/r/${encoded}.`);
    await goIn(plain);
    expect(path(plain)).toBe('/r/باغ-۱');
  });

  test('recent rooms list one room once', async ({ server, somebody }) => {
    const page = await somebody();
    for (const spelling of ['هم‌کلاسی', 'دیگر', 'همکلاسی', 'هم-کلاسی', 'Class', 'class']) {
      await page.goto(`${server.url}/r/${encodeURIComponent(spelling)}`);
      await expect(name(page)).toBeFocused();
    }
    await page.goto(server.url);
    await expect(page.locator('#recent a')).toHaveText(['class', 'هم-کلاسی', 'دیگر']);
  });

  test.describe('that cannot be', () => {
    test.use({ expectedComplaints: [/responded with a status of 400|was preloaded using link preload but not used/] });

    test('are told why', async ({ server, somebody }) => {
      const page = await somebody();
      for (const [at, why] of [
        [`/r/${encodeURIComponent('a/b')}`, 'علامت «\u2068/\u2069» در آن جا ندارد'],
        [`/classic/${encodeURIComponent('a+b')}`, 'علامت «\u2068+\u2069» در آن جا ندارد'],
        [`/ways/${'a'.repeat(70)}`, 'نام اتاق ۶ نویسه بلندتر'],
        [`/go?room=${encodeURIComponent('https://example.com/r/x')}`, 'به سایت دیگری می‌رود'],
        ['/go?room=', 'نام اتاق را بنویسید'],
      ]) {
        expect((await page.goto(server.url + at))!.status()).toBe(400);
        await expect(page.locator('.tagline, .problem').filter({ hasText: why! })).toBeVisible();
      }
    });
  });
});

test.describe('people', () => {
  test('stand in the order of the Persian alphabet', async ({ server, somebody }) => {
    const ordered = [
      '۲ نفر', '۱۲ نفر', 'آرش', 'ابراهیم', 'بابک', 'پریا', 'تارا', 'جواد', 'چنگیز', 'حسن', 'زهرا', 'ژاله', 'سارا ۲', 'سارا ۱۰', 'شیرین',
      'فرهاد', 'کیان', 'گلناز', 'لاله', 'نیما', 'وحید', 'هادی', 'یاسمن', 'Ali', 'bob', 'Carl', 'dana', 'Иван',
    ];
    const page = await somebody();
    const shuffled = ordered.map((_, at) => ordered[(at * 11) % ordered.length]!);
    for (const one of shuffled.slice(0, 14)) await Member.join(server.url, 'order', one);
    await enter(page, server.url, 'order', 'من');
    for (const one of shuffled.slice(14)) await Member.join(server.url, 'order', one);
    await expect(people(page).locator('.name')).toHaveText(['من', ...ordered]);
    // Who takes another name takes another place.
    const last = await Member.join(server.url, 'order', 'یگانه');
    await expect(people(page).locator('.name')).toHaveCount(ordered.length + 2);
    last.send({ type: 'rename', name: 'آبان' });
    await expect(people(page).locator('.name').nth(3)).toHaveText('آبان');
  });

  test('have colours of their own, the same for everybody', async ({ server, somebody }) => {
    const first = await somebody();
    await enter(first, server.url, 'colours', 'آرش');
    const others = [];
    for (let n = 1; n < 7; n++) others.push(await Member.join(server.url, 'colours', `عضو ${n}`, `m${n}`));
    const last = await somebody();
    await enter(last, server.url, 'colours', 'یاسمن');
    await expect(people(first).locator('li')).toHaveCount(8);
    const hues = (page: Page) => people(page).locator('li').evaluateAll((rows) =>
      Object.fromEntries(rows.map((row) => [row.querySelector('.name')!.textContent, (row.querySelector('.avatar') as HTMLElement).dataset['hue']])));
    const seen = await hues(first);
    expect(new Set(Object.values(seen)).size).toBe(8);
    expect(await hues(last)).toEqual(seen);
    // A message has its author's colour, also after a reload, and who stays keeps theirs.
    await others[2]!.says('از سه');
    const hue = (page: Page) => message(page, 'از سه').getAttribute('data-hue');
    await expect(message(first, 'از سه')).toBeVisible();
    expect(await hue(first)).toBe(seen['عضو 3']);
    others[0]!.close();
    await expect(people(first).locator('li')).toHaveCount(7);
    await first.reload();
    await joined(first);
    await expect(people(first).locator('li')).toHaveCount(7);
    expect(await hue(first)).toBe(seen['عضو 3']);
    const { ['عضو 1']: _, ...stayed } = seen;
    expect(await hues(first)).toEqual(stayed);
  });

  test('have colours that can be read', async ({ server, somebody }) => {
    const page = await somebody();
    await enter(page, server.url, 'contrast', 'من');
    for (let n = 0; n < 7; n++) await (await Member.join(server.url, 'contrast', `عضو ${n}`)).says(`سلام ${n}`);
    await expect(log(page).locator('.author')).toHaveCount(7);
    for (const theme of ['light', 'dark']) {
      await page.evaluate((theme) => (document.documentElement.dataset['theme'] = theme), theme);
      const contrasts = await page.evaluate(() => {
        const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
        const luminance = (colour: string) => {
          canvas.fillStyle = colour;
          canvas.fillRect(0, 0, 1, 1);
          const linear = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((value) => {
            const part = value / 255;
            return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!;
        };
        const contrast = (a: string, b: string) => {
          const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
          return (high! + 0.05) / (low! + 0.05);
        };
        const style = (element: Element) => getComputedStyle(element);
        const authors = [...document.querySelectorAll('.author')].map((author) =>
          contrast(style(author).color, style(author.closest('.bubble')!).backgroundColor));
        const avatars = [...document.querySelectorAll('.roster .avatar')].map((avatar) =>
          contrast(style(avatar).color, style(avatar).backgroundColor));
        return [...authors, ...avatars];
      });
      expect(contrasts).toHaveLength(15);
      expect(Math.min(...contrasts), theme).toBeGreaterThanOrEqual(4.5);
    }
  });
});

const LONG = {
  latin: 'Maximiliana Wolfeschlegelsteinhau',
  persian: 'سیدمحمدابراهیم طباطبایی‌نژاد یزدی',
  mixed: 'Dr. Alexander آقای ابوالفضلی‌زادگان',
  persianFirst: 'استاد ابوالفضل Christopher Mayer',
};

/** Where the first letter of a name is, where all of it would be, and the box that shows it. */
async function edges(bdi: Locator): Promise<{ first: DOMRect; all: DOMRect; box: DOMRect }> {
  return bdi.evaluate((bdi) => {
    const text = [...bdi.childNodes].find((node) => node.textContent)!;
    const range = document.createRange();
    range.selectNodeContents(text);
    const all = range.getBoundingClientRect();
    range.setEnd(text, 1);
    return { first: range.getClientRects()[0]!, all, box: bdi.getBoundingClientRect() };
  });
}

/** The first letter is in the box, at the edge where its direction begins; the other end is cut off. */
async function isCutAtItsEnd(bdi: Locator, direction: 'ltr' | 'rtl'): Promise<void> {
  const { first, all, box } = await edges(bdi);
  expect(await bdi.evaluate((bdi) => getComputedStyle(bdi).textOverflow)).toBe('ellipsis');
  if (direction === 'ltr') {
    expect(Math.abs(first.left - box.left)).toBeLessThan(2);
    expect(all.right).toBeGreaterThan(box.right + 1);
  } else {
    expect(Math.abs(first.right - box.right)).toBeLessThan(2);
    expect(all.left).toBeLessThan(box.left - 1);
  }
}

test.describe('long names', () => {
  const directions = { latin: 'ltr', persian: 'rtl', mixed: 'ltr', persianFirst: 'rtl' } as const;

  test('keep their beginning in the list', async ({ server, somebody }) => {
    const page = await somebody({ viewport: { width: 1280, height: 800 } });
    await enter(page, server.url, 'long', 'سارا');
    for (const long of Object.values(LONG)) await Member.join(server.url, 'long', [...long].slice(0, 32).join(''));
    await Member.join(server.url, 'long', 'Ali');
    // Narrow enough for all of them.
    await page.evaluate(() => document.querySelector<HTMLElement>('.room')!.style.setProperty('grid-template-columns', 'minmax(0, 1fr) auto 11rem'));
    for (const [kind, direction] of Object.entries(directions)) {
      const start = [...LONG[kind as keyof typeof LONG]].slice(0, 12).join('');
      await isCutAtItsEnd(people(page).locator('.name bdi', { hasText: start }), direction);
    }
    // A short Latin name stands where the Persian ones do.
    const right = async (name: string) => (await edges(people(page).locator('.name bdi', { hasText: name }))).all.right;
    const persian = (await edges(people(page).locator('.name bdi', { hasText: 'سارا' }))).first.right;
    expect(Math.abs((await right('Ali')) - persian)).toBeLessThan(2);
  });

  test('keep their beginning in the bar', async ({ server, somebody }) => {
    const page = await somebody({ viewport: { width: 360, height: 640 } });
    for (const [long, direction] of [
      ['a-very-long-name-of-a-room-for-everybody-in-the-class', 'ltr'],
      ['نام-خیلی-بلند-یک-اتاق-برای-همه‌ی-هم‌کلاسی‌های-ما-در-دانشگاه', 'rtl'],
    ] as const) {
      await page.goto(`${server.url}/r/${encodeURIComponent(long)}`);
      await isCutAtItsEnd(heading(page).locator('bdi'), direction);
    }
  });

  test('keep their beginning where somebody types', async ({ server, somebody }) => {
    const page = await somebody({ viewport: { width: 360, height: 640 } });
    await enterByLink(page, server.url, 'types', 'سارا');
    for (const [kind, direction] of Object.entries(directions)) {
      const member = await Member.join(server.url, 'types', [...LONG[kind as keyof typeof LONG]].slice(0, 32).join(''));
      const other = await Member.join(server.url, 'types', `${kind} Wolfeschlegelstein`);
      const bdis = page.locator('#who-types bdi');
      member.send({ type: 'typing' });
      await expect(bdis).toHaveCount(1);
      other.send({ type: 'typing' });
      await expect(bdis).toHaveCount(2);
      await isCutAtItsEnd(bdis.first(), direction);
      // What they do is still there to read.
      const verb = await page.locator('#who-types > span').evaluate((span) => {
        const range = document.createRange();
        range.selectNodeContents(span.lastChild!);
        return { verb: range.getBoundingClientRect().toJSON(), line: span.getBoundingClientRect().toJSON(), text: span.textContent };
      });
      expect(verb.text).toContain('می‌نویسند');
      expect(verb.verb.left).toBeGreaterThanOrEqual(verb.line.left - 1);
      expect(verb.verb.width).toBeGreaterThan(30);
      member.close();
      other.close();
      await expect(page.locator('#who-types bdi')).toHaveCount(0, { timeout: 10_000 });
    }
  });
});

test.describe('getting in', () => {
  test('a link asks for a name and says nothing false', async ({ server, somebody }) => {
    for (const width of [1920, 1280, 800, 360]) {
      const page = await somebody({ viewport: { width, height: 800 } });
      await page.goto(`${server.url}/r/door`);
      await expect(page.getByRole('heading', { name: 'خوش آمدید' })).toBeVisible();
      await expect(name(page)).toBeFocused();
      await expect(status(page)).toBeHidden();
      await expect(page.getByText('وارد اتاق نشدید')).toBeHidden();
      await expect(page.locator('#people')).toBeHidden();
      await expect(page.getByRole('button', { name: 'دیدن افراد اتاق' })).toBeHidden();
      // In the middle of the page.
      const form = (await page.locator('.entrance form').boundingBox())!;
      expect(Math.abs(form.x + form.width / 2 - width / 2)).toBeLessThan(4);
      await name(page).press('Enter');
      await expect(page.locator('#name-problem')).toHaveText('نامتان را بنویسید.');
      await expect(name(page)).toBeFocused();
      await name(page).fill(`سارا ${width}`);
      await name(page).press('Enter');
      await joined(page);
      await expect(composer(page)).toBeFocused();
      if (width > 900) await expect(page.locator('#people')).toBeVisible();
    }
  });

  test('who was refused is told so, and asked again', async ({ server, somebody }) => {
    await Member.join(server.url, 'door', 'سارا');
    const page = await somebody();
    await page.goto(`${server.url}/r/door`);
    await name(page).fill('سارا');
    await name(page).press('Enter');
    await expect(page.locator('#name-problem')).toContainText('این نام گرفته شده');
    await expect(status(page)).toHaveText('وارد اتاق نشدید');
    await expect(name(page)).toBeFocused();
    await expect(name(page)).toHaveValue('سارا ۲');
    await name(page).press('Enter');
    await joined(page);
    await expect(composer(page)).toBeFocused();
  });

  test('the first field that needs something has the focus', async ({ server, somebody }) => {
    const page = await somebody();
    await page.goto(server.url);
    await expect(name(page)).toBeFocused();
    await page.keyboard.type('سارا');
    await page.keyboard.press('Tab');
    await page.keyboard.type('door');
    await page.keyboard.press('Enter');
    await joined(page);
    await expect(composer(page)).toBeFocused();
    await page.goto(server.url);
    await expect(room(page)).toBeFocused();
    await expect(name(page)).toHaveValue('سارا');
  });

  test('a finger is not met with a keyboard', async ({ server, somebody }) => {
    const page = await somebody({ hasTouch: true, isMobile: true, viewport: { width: 390, height: 800 } });
    for (const at of ['/', '/r/door']) {
      await page.goto(server.url + at);
      await page.waitForSelector('#page[data-alive]');
      await expect(at === '/' ? room(page) : name(page)).toBeVisible();
      expect(await page.evaluate(() => document.activeElement!.tagName)).toBe('BODY');
    }
  });
});
