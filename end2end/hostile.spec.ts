// Everything that people have written to break a page, as messages, names, rooms and links. It is
// read, and that is all: nothing runs, nothing loads, nobody's words move.

import type { Page } from '@playwright/test';
import { PNG } from 'pngjs';

import { IDS, NAMES, TEXTS, TOWERS } from './fixtures/hostile.ts';
import { Member } from './fixtures/member.ts';
import { expect, test } from './fixtures/test.ts';
import { enter, joined, log, message } from './room.ts';

test.use({ serverOptions: ['--messages-per-second', '0'] });

/** What a page did that it should not have done. A violation of its policy is one. */
async function watch(page: Page): Promise<() => Promise<string[]>> {
  const done: string[] = [];
  const home = new Set<string>();
  page.on('dialog', (dialog) => (done.push(`dialog ${dialog.message()}`), dialog.dismiss()));
  page.on('popup', (popup) => done.push(`popup ${popup.url()}`));
  page.on('download', (download) => done.push(`download ${download.url()}`));
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (home.size === 0) home.add(origin);
    if (!home.has(origin) && protocol !== 'data:') done.push(`request ${request.url()}`);
  });
  await page.addInitScript(() => {
    const violated: string[] = [];
    Object.assign(window, { violated });
    document.addEventListener('securitypolicyviolation', (event) => violated.push(event.effectiveDirective));
  });
  return async () => {
    const inside = await page.evaluate(() => {
      const { violated, pwned } = window as unknown as { violated: string[]; pwned?: unknown };
      // Two scripts in the body are Leptos' own.
      const foreign = [
        ...document.querySelectorAll('iframe, object, embed, base, audio, video, math, body style, body script, body link'),
      ].filter((element) => !/^__[A-Z_]+=\[\];/.test(element.textContent!));
      const handlers = [...document.querySelectorAll('*')].filter((element) =>
        element.getAttributeNames().some((name) => name.startsWith('on')),
      );
      return [
        ...violated,
        ...(pwned === undefined ? [] : ['pwned']),
        ...[...foreign, ...handlers].map((element) => element.outerHTML.slice(0, 100)),
      ];
    });
    return [...done, ...inside];
  };
}

/** What a message may be drawn with, and in which attributes; see `view/message.rs`. */
const DRAWN_WITH = ['a dir href rel target', 'bdi', 'bdo dir', 'code', 'p dir', 'pre tabindex'];

/** How many texts are looked at in one go. */
const PART = 60;

test('no text does anything but stand there to be read', async ({ server, somebody }) => {
  const sara = await somebody({ viewport: { width: 1280, height: 720 }, reducedMotion: 'reduce' });
  const harm = await watch(sara);
  await enter(sara, server.url, 'hostile', 'سارا');
  const mallory = await Member.join(server.url, 'hostile', 'Mallory');
  const ali = await Member.join(server.url, 'hostile', 'علی');
  const frame = () =>
    sara.evaluate(() =>
      ['.bar', '.scroller', '.composer', '.composer .box', '#people', '#roster', '.lesson'].map(
        (selector) => document.querySelector(selector)!.getBoundingClientRect().toJSON(),
      ),
    );
  await ali.says('همسایه');
  await expect(message(sara, 'همسایه')).toBeVisible();
  await expect(sara.locator('.round-trip')).not.toBeEmpty();
  // On a busy machine the letters come later than the words.
  await sara.evaluate(async () => {
    await document.fonts.ready;
  });
  const before = await frame();

  const look = (from: number, to?: number) =>
    sara.evaluate(
      ([from, to]) => {
        const box = (element: Element) => element.getBoundingClientRect();
        return [...document.querySelectorAll('.message')].slice(from, to).map((row) => {
          const [at, text, above] = [box(row), row.querySelector('.text')!, row.previousElementSibling];
          const parts = [...row.querySelectorAll('.avatar, .bubble, .author, .text, .meta')].map(box);
          return {
            overlaps: !!above && box(above).bottom > at.top,
            // Where its parts stand within it.
            inside: parts.map(({ x, y, width, height }) => [x - at.x, y - at.y, width, height].map(Math.round)),
            spills: parts.some((part) => part.left < at.left - 1 || part.right > at.right + 1 || part.bottom > at.bottom + 1),
            words: [...text.children].map((line) => line.textContent).join('\n'),
            elements: [...text.querySelectorAll('*')].map((element) =>
              [element.localName, ...element.getAttributeNames().sort()].join(' '),
            ),
            links: [...text.querySelectorAll('a')].map(({ href, rel, target }) => ({ href, rel, target })),
          };
        });
      },
      [from, to] as const,
    );
  const [neighbour] = await look(-1);
  // One of Ali's after each of Mallory's, and in parts: the page draws the newest two hundred.
  const rows: Awaited<ReturnType<typeof look>> = [];
  for (let part = 0; part * PART < TEXTS.length; part++) {
    const texts = TEXTS.slice(part * PART, (part + 1) * PART);
    for (const text of texts) {
      await mallory.says(text);
      await ali.says('همسایه');
    }
    await ali.says(`پایان ${part}`);
    await expect(message(sara, `پایان ${part}`)).toBeVisible();
    rows.push(...(await look(-2 * texts.length - 1, -1)));
    const overflow = await sara.evaluate(() =>
      [document.documentElement, document.querySelector('.scroller')!].map((box) => box.scrollWidth - box.clientWidth),
    );
    expect(overflow).toEqual([0, 0]);
  }
  expect(mallory.heard.filter(({ type }) => type === 'error')).toEqual([]);
  const said = ali.texts().filter((text, n) => n > 0 && !/^پایان \d$/.test(text));
  expect(rows.length).toBe(said.length);

  expect(rows.filter(({ overlaps }) => overlaps).map(({ words }) => words), 'messages that stand on another').toEqual([]);
  expect(rows.filter(({ spills }) => spills).map(({ words }) => words), 'messages that leave their place').toEqual([]);
  const moved = rows.filter(({ inside }, n) => n % 2 === 1 && String(inside) !== String(neighbour!.inside));
  expect(moved.map((row) => said[rows.indexOf(row) - 1]), 'messages that move the one after them').toEqual([]);
  // Backticks mean something; everything else is shown as it was said.
  const altered = rows.filter(({ words }, n) => !said[n]!.includes('`') && words !== said[n]);
  expect(altered.map(({ words }) => words), 'messages that are not shown as they were said').toEqual([]);
  expect([...new Set(rows.flatMap(({ elements }) => elements))].sort()).toEqual(DRAWN_WITH);
  const links = rows.flatMap(({ links }) => links);
  expect(links.length, 'the corpus has addresses').toBeGreaterThan(100);
  expect(links.filter(({ href }) => !/^https?:\/\/[^/@]+(\/|$)/.test(href))).toEqual([]);
  expect([...new Set(links.map(({ rel, target }) => `${rel} ${target}`))]).toEqual(['noopener noreferrer nofollow _blank']);

  expect(await frame(), 'the frame of the page').toEqual(before);
  expect(await harm()).toEqual([]);
});

test('no mark is drawn over somebody else', async ({ server, somebody }) => {
  const sara = await somebody({ viewport: { width: 800, height: 900 }, reducedMotion: 'reduce' });
  await enter(sara, server.url, 'towers', 'سارا');
  const mallory = await Member.join(server.url, 'towers', 'Mallory');
  const ali = await Member.join(server.url, 'towers', 'علی');
  for (const text of TOWERS) {
    for (const [who, what] of [[ali, 'همسایه'], [mallory, text], [ali, 'همسایه']] as const) {
      await who.says(what);
    }
  }
  const towers = sara.locator('.message', { has: sara.locator('.author', { hasText: 'Mallory' }) });
  await expect(towers).toHaveCount(TOWERS.length);
  await expect(message(sara, 'همسایه')).toHaveCount(ali.count);

  // It comes and goes as the conversation is scrolled.
  await sara.locator('.newer').evaluate((button) => (button.style.visibility = 'hidden'));
  // With and without the tower, all but its own row looks the same. (A rounded corner that is drawn
  // anew may differ by a shade.)
  for (const [n, text] of TOWERS.entries()) {
    const tower = towers.nth(n);
    const surroundings = async (visibility: 'visible' | 'hidden') => {
      const [top, bottom] = await tower.evaluate((row, visibility) => {
        row.scrollIntoView({ block: 'center' });
        row.querySelector<HTMLElement>('.text')!.style.visibility = visibility;
        const [at, from] = [row.getBoundingClientRect(), row.closest('.scroller')!.getBoundingClientRect().top];
        return [Math.floor(at.top - from), Math.ceil(at.bottom - from)] as const;
      }, visibility);
      const { data, width, height } = PNG.sync.read(await log(sara).screenshot());
      expect(bottom - top, 'something is seen around it').toBeLessThan(height);
      return Buffer.concat([data.subarray(0, Math.max(0, top) * width * 4), data.subarray(bottom * width * 4)]);
    };
    const [without, with_] = [await surroundings('hidden'), await surroundings('visible')];
    const inked = without.filter((shade, at) => Math.abs(shade - with_[at]!) > 16);
    expect(inked.length, JSON.stringify(text).slice(0, 60)).toBe(0);
  }
});

test('no name does anything but name somebody', async ({ server, somebody }) => {
  const sara = await somebody();
  const harm = await watch(sara);
  await enter(sara, server.url, 'names', 'سارا');
  const crowd: Member[] = [];
  for (const name of NAMES) {
    const member = await Member.join(server.url, 'names', name);
    crowd.push(member);
    if (!member.isIn) continue;
    member.send({ type: 'typing' });
    await member.says('من هستم');
  }
  const inside = crowd.filter((member) => member.isIn);
  expect(inside.length, 'the rule refuses some').toBeLessThan(NAMES.length);
  expect(inside.length, 'and takes others').toBeGreaterThan(10);
  const rows = sara.locator('#roster li');
  await expect(rows).toHaveCount(inside.length + 1);
  await expect(sara.locator('.message')).toHaveCount(inside.length);

  const seen = await sara.evaluate(() => {
    const fits = (element: Element) => element.scrollWidth <= element.clientWidth + 1;
    return {
      heights: [...document.querySelectorAll('#roster li')].map((row) => row.getBoundingClientRect().height),
      names: [...document.querySelectorAll('#roster .name')].map((name) => name.textContent),
      inNames: [...document.querySelectorAll('bdi')].map((name) => name.childElementCount),
      fit: [document.documentElement, ...document.querySelectorAll('.scroller, .composer, #people, .message')].map(fits),
      // «… آمد»: the verb ends the line, at its left, whatever the name is made of.
      verbs: [...document.querySelectorAll('.comings span')].map((line) => {
        const [first, last] = [line.firstElementChild!.getBoundingClientRect(), document.createRange()];
        last.selectNodeContents(line.lastChild!);
        const verb = last.getBoundingClientRect();
        return verb.right <= first.right + 1 && line.lastChild!.textContent!.trim();
      }),
    };
  });
  expect(new Set(seen.heights).size, 'every row is as high as the next').toBe(1);
  expect(seen.names.slice(1).sort()).toEqual(inside.map(({ name }) => name).sort());
  expect(Math.max(...seen.inNames), 'elements within names').toBe(0);
  expect(seen.fit).not.toContain(false);
  expect(seen.verbs.every((verb) => verb === 'آمد' || verb === 'آمدند')).toBe(true);
  expect(await harm()).toEqual([]);
});

test('names that look the same are not both in a room', async ({ server }) => {
  const names = ['علی رضا', 'علي رضا', 'عليرضا', 'علی\u200Cرضا', 'علــی رضا', 'عَلی رضا', 'سارا ۲', 'سارا 2', 'سارا ٢', 'ADMIN', 'admin', 'ａｄｍｉｎ'];
  const members = await Promise.all(names.map((name) => Member.join(server.url, 'twins', name)));
  expect(members.filter(({ isIn }) => isIn)).toHaveLength(3);
});

test.describe('addresses', () => {
  test.use({ expectedComplaints: [/responded with a status of 40[04]|was preloaded using link preload but not used/] });

  test('no id does anything but fail or name a room', async ({ server, somebody }) => {
    const sara = await somebody();
    const harm = await watch(sara);
    await sara.goto(server.url);
    await sara.evaluate(() => localStorage.setItem('otagh:name', '"><img src=x onerror=alert(1)>'));
    for (const id of IDS) {
      const encoded = encodeURIComponent(id);
      const answer = await sara.goto(`${server.url}/r/${encoded}?name=${encoded}#${encoded}`);
      expect([200, 400, 404], id).toContain(answer!.status());
      await expect(sara.getByRole('heading', { level: 1 })).toBeVisible();
      expect(new URL(sara.url()).origin).toBe(server.url);
      expect(await harm(), id).toEqual([]);
      const html = await answer!.text();
      if (/[<>"]/.test(id)) expect(html).not.toContain(id);
      const form = await sara.request.get(`${server.url}/go?name=${encoded}&room=${encoded}`, { maxRedirects: 0 });
      expect([303, 400]).toContain(form.status());
      expect(form.headers()['location'] ?? '/r/').toMatch(/^\/r\//);
    }
    await expect(Promise.any(IDS.slice(0, 8).map((id) => Member.join(server.url, 'ids', 'x', id)))).rejects.toThrow();
  });
});

test.describe('the policy itself', () => {
  test.use({ expectedComplaints: [/Content Security Policy|ERR_BLOCKED_BY_CSP|violates the following|Refused to/] });

  test('what a text cannot do, the policy would not let it do either', async ({ server, somebody }) => {
    const sara = await somebody();
    const harm = await watch(sara);
    await enter(sara, server.url, 'policy', 'سارا');
    await joined(sara);
    expect(await harm()).toEqual([]);
    await sara.evaluate(() => {
      const put = (tag: string, attributes: Record<string, string>, text = '') => {
        const element = document.createElement(tag);
        for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
        element.textContent = text;
        document.body.append(element);
        return element;
      };
      put('script', {}, 'pwned = 1');
      put('script', { nonce: 'guessed' }, 'pwned = 1');
      put('script', { src: 'https://evil.example/x.js' });
      put('script', { src: 'data:text/javascript,pwned=1' });
      put('div', { onclick: 'pwned = 1' }).click();
      put('a', { href: 'javascript:pwned=1' }).click();
      put('style', {}, '* { display: none }');
      put('div', { style: 'position: fixed' });
      put('link', { rel: 'stylesheet', href: 'https://evil.example/x.css' });
      put('img', { src: 'https://evil.example/x.png' });
      put('iframe', { src: 'https://evil.example/' });
      put('iframe', { srcdoc: '<script>parent.pwned = 1</script>' });
      put('object', { data: 'https://evil.example/' });
      put('base', { href: 'https://evil.example/' });
      (put('form', { action: 'https://evil.example/' }) as HTMLFormElement).requestSubmit();
      setTimeout('pwned = 1');
      fetch('https://evil.example/').catch(() => undefined);
      new WebSocket('wss://evil.example/');
    });
    const violated = () => sara.evaluate(() => [...new Set((window as unknown as { violated: string[] }).violated)].sort());
    await expect.poll(violated).toEqual([
      'base-uri',
      'connect-src',
      'form-action',
      'frame-src',
      'img-src',
      'object-src',
      'script-src',
      'script-src-attr',
      'script-src-elem',
      'style-src-attr',
      'style-src-elem',
    ]);
    expect(await sara.evaluate(() => 'pwned' in window)).toBe(false);
  });
});
