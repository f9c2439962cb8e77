// The page in other colours than ours, and in browsers that do not know today's style: what must be told
// apart still is.

import { type Locator, type Page, type Route } from '@playwright/test';

import { expect, test } from './fixtures/test.ts';
import { Member } from './fixtures/member.ts';
import { composer, enterByLink, message, people, say } from './room.ts';

// Chromium itself prints that a server is gone.
test.use({ expectedComplaints: [/WebSocket connection to .* failed|ERR_CONNECTION_REFUSED/] });

/** What Chrome 96 makes of a style sheet: it leaves out what it does not know. */
function asOldBrowsers(css: string): string {
  const declaration = /[\w-]+:[^;{}]*(?:light-dark\(|color-mix\(|\d(?:dvh|lh|cqh|cqi)\b)[^;{}]*/g;
  const block = (start: string): RegExp => new RegExp(`${start}[^{}]*\\{(?:[^{}]*\\{[^{}]*\\})*[^{}]*\\}`, 'g');
  return css
    .replace(block('@container'), '')
    .replace(block('@supports \\((?:height|block-size): ?1dvh'), '')
    .replace(block('@media[^{]*\\((?:width|height)[<>]'), '')
    .replace(/[^{}]*(?::has\(|&)[^{}]*\{[^{}]*\}/g, '')
    .replace(declaration, '');
}

async function makeOld(page: Page): Promise<void> {
  await page.route('**/*.css', async (route: Route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: asOldBrowsers(await response.text()) });
  });
}

/** A computed value, of what stands before it where there is a `pseudo`. */
const computed = (locator: Locator, property: string, pseudo?: string): Promise<string> =>
  locator.evaluate(
    (element, [property, pseudo]) => getComputedStyle(element, pseudo).getPropertyValue(property!),
    [property, pseudo],
  );

/** How light a colour is, from 0 to 1; fails where it lets through what is behind it. */
function lightness(colour: string): number {
  const parts = colour.match(/[\d.]+/g)!.map(Number);
  expect(parts.length === 3 || parts[3] === 1, colour).toBe(true);
  return (parts[0]! + parts[1]! + parts[2]!) / 765;
}

for (const [device, theme] of [
  ['light', undefined],
  ['dark', undefined],
  ['light', 'dark'],
  ['dark', 'light'],
] as const) {
  test(`an old browser, ${device}, chosen ${theme ?? 'nothing'}`, async ({ server, somebody }) => {
    const page = await somebody({ viewport: { width: 390, height: 844 }, colorScheme: device });
    if (theme) await page.context().addCookies([{ name: 'theme', value: theme, url: server.url }]);
    await makeOld(page);
    await enterByLink(page, server.url, 'old', 'سارا');
    const ali = await Member.join(server.url, 'old', 'علی');
    await ali.says('سلام');
    await say(page, 'درود');
    await expect(message(page, 'درود')).toContainText('فرستاده شد');
    await page.getByRole('button', { name: 'دیدن افراد اتاق' }).click();
    await expect(people(page).getByText('علی')).toBeVisible();
    const isDark = (theme ?? device) === 'dark';
    for (const place of ['html', '.people', '.bar', '.composer .box', '.message:not([data-mine]) .bubble', '.message[data-mine] .bubble']) {
      const ground = lightness(await computed(page.locator(place).first(), 'background-color'));
      const ink = lightness(await computed(page.locator(place).first(), 'color'));
      expect(ground < 0.5, `${place}: ground`).toBe(isDark);
      expect(ink > 0.5, `${place}: ink`).toBe(isDark);
    }
    expect(await computed(page.locator('.people .backdrop, .room > .backdrop').first(), 'background-color')).toMatch(/rgba\(.+, 0\.[456]\d*\)/);
    await page.keyboard.press('Escape');
    // And it is a phone's page: the people a drawer, nothing wider than it.
    await expect(people(page)).toBeHidden();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    const name = await page.locator('.bar .title').boundingBox();
    expect(name!.width).toBeGreaterThanOrEqual(60);
    await expect(composer(page)).toBeInViewport({ ratio: 1 });
    await page.getByRole('button', { name: 'هم‌رسانی' }).first().click();
    await expect(page.locator('#address')).toBeInViewport({ ratio: 1 });
  });
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`forced colours, ${colorScheme}`, async ({ server, somebody }) => {
    const page = await somebody({ forcedColors: 'active', colorScheme, reducedMotion: 'reduce' });
    // Whatever was chosen before the system's colours were.
    await page.context().addCookies([{ name: 'theme', value: colorScheme === 'dark' ? 'light' : 'dark', url: server.url }]);
    await enterByLink(page, server.url, 'forced', 'سارا');
    const ali = await Member.join(server.url, 'forced', 'علی');
    await ali.says('سلام');
    await say(page, 'درود');
    await expect(message(page, 'درود')).toContainText('فرستاده شد');

    // An edge that is seen: as wide as a pixel and of another colour than what it is on.
    const ground = await computed(page.locator('html'), 'background-color');
    const edge = async (place: Locator): Promise<void> => {
      expect(await computed(place, 'border-block-start-style')).not.toBe('none');
      expect(Number.parseFloat(await computed(place, 'border-block-start-width'))).toBeGreaterThanOrEqual(1);
      expect(await computed(place, 'border-block-start-color')).not.toBe(ground);
    };
    const [theirs, mine] = [message(page, 'سلام').locator('.bubble'), message(page, 'درود').locator('.bubble')];
    for (const place of [theirs, mine, page.locator('.avatar').first(), page.locator('.link-state'), page.locator('.composer .box')]) {
      await edge(place);
    }
    // One's own by more than the side it is on.
    expect(await computed(mine, 'border-inline-end-width')).not.toBe(await computed(theirs, 'border-inline-end-width'));

    // The state by its shape, in a colour that is seen.
    const dot = async (): Promise<string[]> => {
      const state = page.locator('.link-state');
      expect(await computed(state, 'border-block-start-color', '::before')).not.toBe(ground);
      return [await computed(state, 'background-color', '::before'), await computed(state, 'border-radius', '::before')];
    };
    const open = await dot();
    expect(open[0]).not.toBe(ground);

    // Focus: a ring, and not only another colour of the edge.
    await composer(page).focus();
    expect(Number.parseFloat(await computed(page.locator('.composer .box'), 'outline-width'))).toBeGreaterThanOrEqual(2);
    expect(await computed(page.locator('.composer .box'), 'outline-style')).toBe('solid');

    await page.getByRole('button', { name: 'هم‌رسانی' }).first().click();
    await edge(page.locator('#share'));
    await page.keyboard.press('Escape');

    // Lost: a ring instead of a disc.
    ali.close();
    await server.kill();
    await expect(page.locator('.talk > .notice')).toBeVisible();
    expect(await computed(page.locator('.talk > .notice'), 'border-block-end-style')).toBe('solid');
    expect(await dot()).not.toEqual(open);
    await say(page, 'قطع');
    expect(await computed(message(page, 'قطع').locator('.bubble'), 'border-block-start-style')).toBe('dashed');
  });
}

test('what is chosen in the X-ray, in forced colours', async ({ server, somebody }) => {
  const page = await somebody({ forcedColors: 'active' });
  await enterByLink(page, server.url, 'forced', 'سارا');
  const glass = page.locator('#xray-button');
  const before = await computed(glass, 'background-color');
  await glass.click();
  await expect(page.locator('#xray .panel')).toBeVisible({ timeout: 20_000 });
  expect(await computed(glass, 'background-color')).not.toBe(before);
  const differ = async (chosen: string, other: string): Promise<void> => {
    const [one, two] = [page.locator(`#xray ${chosen}`).first(), page.locator(`#xray ${other}`).first()];
    expect(await computed(one, 'background-color'), chosen).not.toBe(await computed(two, 'background-color'));
  };
  await differ('[aria-selected="true"]', '[aria-selected="false"]');
  await page.getByRole('tab', { name: 'فریم‌ها' }).click();
  await differ('.filters [aria-pressed="true"]', '.filters [aria-pressed="false"]');
  // The parts of a frame keep the colours that tell them apart.
  await page.locator('#xray .frame .row').first().click();
  await differ('.bits [data-part="FIN"]', '.bits [data-part="opcode"]');
});

/** The fonts that a text was drawn with. */
async function fonts(page: Page, selector: string): Promise<string[]> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('DOM.enable');
  await devtools.send('CSS.enable');
  const { root } = await devtools.send('DOM.getDocument');
  const { nodeId } = await devtools.send('DOM.querySelector', { nodeId: root.nodeId, selector });
  const drawn = await devtools.send('CSS.getPlatformFontsForNode', { nodeId });
  return drawn.fonts.map(({ familyName }) => familyName);
}

test('emoji are in colour, and only emoji', async ({ server, page }) => {
  await enterByLink(page, server.url, 'emoji', 'سارا');
  const drawn = async (text: string, tag = 'p'): Promise<string[]> => {
    await page.evaluate(
      ([text, tag]) => {
        document.querySelector('#probe')?.remove();
        const probe = Object.assign(document.createElement(tag!), { id: 'probe', textContent: text });
        document.querySelector('.scroller')!.append(probe);
        probe.scrollIntoView();
        return new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
      },
      [text, tag],
    );
    return fonts(page, '#probe');
  };
  // Also those that a font of text has in black, and what joins several to one.
  for (const emoji of ['😀', '🙃', '🙂‍↔️', '👨‍👩‍👧', '👩‍❤️‍👨', '🤷‍♂️', '🙋‍♀️', '👍🏽', '🇮🇷', '🏴‍☠️', '⭐', '⚡', '☕', '♈', '⚽', '✅', '❌', '❓', '➕', '⬛', '❤️', '☀️', '🀄']) {
    expect(await drawn(emoji), emoji).toEqual(['Noto Color Emoji']);
    expect(await drawn(emoji, 'code'), `${emoji} in code`).toEqual(['Noto Color Emoji']);
  }
  for (const text of ['123', '#*', '©', '™', '←→↑↓', '↔', '➡', '⬆', '▶', '✔', '☎', '❤', '½', '①', '😀\u{FE0E}', 'کتاب‌ها', 'abc']) {
    expect(await drawn(text), text).not.toContain('Noto Color Emoji');
    expect(await drawn(text, 'code'), `${text} in code`).not.toContain('Noto Color Emoji');
  }
  await say(page, 'سلام 😀');
  await expect(message(page, '😀')).toContainText('فرستاده شد');
  expect(await fonts(page, '.message .text p')).toContain('Noto Color Emoji');
});
