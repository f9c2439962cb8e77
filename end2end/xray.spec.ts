// The X-ray: one's own connection, byte for byte, beside the conversation. What the panel shows is
// compared with what Chromium itself knows of the same connection, and with the bytes that a witness
// between page and server kept.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

import AxeBuilder from '@axe-core/playwright';
import type { CDPSession, Locator, Page } from '@playwright/test';

import { Member } from './fixtures/member.ts';
import { Proxy } from './fixtures/proxy.ts';
import { expect, test } from './fixtures/test.ts';
import { read, type Frame, type Stream } from './fixtures/wire.ts';
import { composer, enter, joined, log, message, people, say } from './room.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** What Chromium tells of the sockets of a page. */
class Browser {
  readonly requests: string[] = [];
  readonly answers: string[] = [];
  readonly sent: string[] = [];
  readonly received: string[] = [];

  static async watching(page: Page): Promise<Browser> {
    const known = new Browser();
    const session: CDPSession = await page.context().newCDPSession(page);
    await session.send('Network.enable');
    session.on('Network.webSocketHandshakeResponseReceived', ({ response }) => {
      known.requests.push(response.requestHeadersText ?? '');
      known.answers.push(response.headersText ?? '');
    });
    session.on('Network.webSocketFrameSent', ({ response }) => known.sent.push(response.payloadData));
    session.on('Network.webSocketFrameReceived', ({ response }) => known.received.push(response.payloadData));
    return known;
  }
}

const panel = (page: Page) => page.locator('#xray');
const tab = (page: Page, name: string) => panel(page).getByRole('tab', { name });
const frames = (page: Page) => panel(page).locator('.frame');
/** What one said oneself. */
const own = (page: Page) => panel(page).locator('.frame[data-own]').filter({ hasText: 'say' });

/** Turns it on, and waits until the frames are there. */
async function turnOn(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'زیر ذره‌بین' }).click();
  await tab(page, 'فریم‌ها').click();
  await expect(frames(page).filter({ hasText: 'welcome' })).toHaveCount(1);
  await joined(page);
}

/** An experiment: the first is to be cut without a goodbye. */
async function openExperiment(page: Page, number: number): Promise<Locator> {
  await tab(page, 'آزمایش خرابی').click();
  const experiment = panel(page).locator('.experiment').nth(number);
  await experiment.locator('summary').click();
  return experiment;
}

const openCut = (page: Page) => openExperiment(page, 0);

/** An answer by its number, wherever it stands: they are shuffled. */
const answer = (experiment: Locator, number: number) => experiment.locator(`input[value="${number}"]`);

/** Predicts one of three answers, mostly the right one, and breaks it. */
async function breakIt(experiment: Locator, number = 1): Promise<void> {
  await answer(experiment, number).check();
  await experiment.getByRole('button', { name: 'اجرا' }).click();
  await expect(experiment.locator('.seen')).toBeAttached();
}

/** Whether one was right, which is told once the recording shows it. */
const verdict = (experiment: Locator) => experiment.locator('.verdict');

/** What the text of a header line is after its name. */
function header(head: string, name: string): string | undefined {
  const line = head.split(/\r?\n/).find((line) => line.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}

test('turned on, it shows what was said, in the frame that carried it', async ({ server, somebody }) => {
  const sara = await somebody();
  const ali = await somebody();
  await enter(sara, server.url, 'xray', 'سارا');
  await enter(ali, server.url, 'xray', 'علی');
  await say(ali, 'پیش از آن');
  await expect(message(sara, 'پیش از آن')).toBeVisible();
  const browser = await Browser.watching(sara);
  await turnOn(sara);
  // The connection was opened anew, and nothing was lost or told twice.
  await expect(message(sara, 'پیش از آن')).toHaveCount(1);

  await say(sara, 'سلام frame');
  await expect(message(ali, 'سلام frame')).toBeVisible();
  const saying = own(sara);
  await saying.getByRole('button').first().click();
  const payload = saying.locator('.payload.wire');
  await expect(payload).toContainText('"text":"سلام frame"');
  const shown = await payload.innerText();
  expect(browser.sent, 'the very text that the browser sent').toContain(shown);
  // What was said in Persian does not move the quotes and commas around it.
  await expect(payload.locator('bdi')).toHaveText(['سلام frame']);
  await expect(saying.locator('.passage')).toContainText('یک بار خواندن');
  await expect(saying.locator('dt', { hasText: /^MASK/ })).toContainText('MASK = 1');
  await expect(saying.locator('dt', { hasText: 'opcode' })).toContainText('0x1');

  // Byte by byte: what is on the wire, and the key, are what is meant.
  const rows = saying.locator('.unmask tr');
  const cells = async (row: number) => (await rows.nth(row).locator('td').allInnerTexts()).map((text) => parseInt(text.replace(/[^0-9a-f]/g, ''), 16));
  const [wire, key, clear] = [await cells(0), await cells(1), await cells(2)];
  expect(wire.map((byte, at) => byte ^ key[at]!)).toEqual(clear);
  // It begins at what was said.
  expect(Buffer.from(clear).toString()).toBe('سلام fra');

  const heard = frames(sara).filter({ hasText: 'said' }).last();
  await heard.getByRole('button').first().click();
  expect(browser.received).toContain(await heard.locator('.payload.wire').innerText());
});

test('what is covered is covered wherever it would stand, and nothing else is', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'xray', 'سارا');
  const browser = await Browser.watching(sara);
  await turnOn(sara);
  const join = frames(sara).filter({ hasText: 'join' });
  await join.getByRole('button').first().click();
  await expect(join.locator('.payload.wire')).toContainText('"resume":{"token":"****');
  const sent = browser.sent.find((text) => text.includes('"type":"join"'))!;
  const token = /"token":"([^"]+)"/.exec(sent)![1]!;
  const bytes = Buffer.from(sent);
  const expected = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'));
  expected.fill('▒▒', bytes.indexOf(token), bytes.indexOf(token) + token.length);

  const rows = join.locator('.unmask tr');
  const cells = async (row: number) => rows.nth(row).locator('td').allInnerTexts();
  const [wire, key, clear, letters]: string[][] = [[], [], [], []];
  const next = join.getByRole('button', { name: 'بایت‌های بعدی' });
  for (;;) {
    for (const [row, all] of [wire!, key!, clear!, letters!].entries()) all.push(...(await cells(row)));
    if (await next.isDisabled()) break;
    await next.click();
  }
  const hex = (text: string) => text.replace(/[^0-9a-f▒]/g, '');
  expect(clear!.map(hex)).toEqual(expected);
  expect(wire!.map((byte) => byte === '▒▒')).toEqual(expected.map((byte) => byte === '▒▒'));
  expect(letters!.map((letter) => letter === '▒▒')).toEqual(expected.map((byte) => byte === '▒▒'));
  // The key was on the wire, and is told.
  expect(key!.map(hex).every((byte) => /^[0-9a-f]{2}$/.test(byte))).toBe(true);
});

test.describe('with a server that pings often', () => {
  test.use({ serverOptions: ['--ping-interval', '1s'] });

  test('the panel shows the very bytes that a witness on the wire saw, from the request to the goodbye', async ({ network, somebody }) => {
    test.slow();
    const sara = await somebody();
    await enter(sara, network.url, 'xray', 'سارا');
    await turnOn(sara);
    await say(sara, 'س'.repeat(150));
    await expect(frames(sara).filter({ hasText: 'said' })).toHaveCount(1);
    // The browser answers a ping by itself; no page ever sees one.
    await expect(frames(sara).filter({ hasText: 'پینگ سرور' })).not.toHaveCount(0);
    await expect(frames(sara).filter({ hasText: 'پونگ مرورگر' })).not.toHaveCount(0);
    await panel(sara).getByRole('button', { name: 'پایان ضبط' }).click();
    await joined(sara);
    await sara.getByRole('button', { name: 'زیر ذره‌بین' }).click();
    const first = panel(sara).locator('.which .chip').first();
    await expect(first).toContainText('بسته شد با 4004');
    await first.click();
    await expect(frames(sara).filter({ hasText: 'خداحافظی شما' })).toHaveCount(1);
    await expect(frames(sara).filter({ hasText: 'خداحافظی سرور' })).toHaveCount(1);

    // The first WebSocket was not recorded; this was the second.
    const passed = network.passed[1]!;
    const [up, down] = [read(passed.up), read(passed.down)];
    const shown: { up: string[][]; down: string[][] } = { up: [], down: [] };
    for (const fold of await panel(sara).locator('.fold button').all()) await fold.click();
    for (const frame of await frames(sara).all()) {
      await frame.getByRole('button').first().click();
      await expect(frame.locator('.hex')).toBeVisible();
      const cells = await frame.locator('.hex span').allInnerTexts();
      shown[(await frame.getAttribute('data-own')) === null ? 'down' : 'up'].push(cells);
    }
    const hex = (frame: Frame) => {
      const cells = [...frame.bytes].map((byte) => byte.toString(16).padStart(2, '0'));
      const text = frame.opcode === 1 ? frame.payload.toString('latin1') : '';
      for (const found of text.matchAll(/"token":"([^"]*)"/g)) {
        const from = frame.header + found.index + '"token":"'.length;
        cells.fill('▒▒', from, from + found[1]!.length);
      }
      return cells;
    };
    expect(shown.up).toEqual(up.frames.map(hex));
    expect(shown.down).toEqual(down.frames.map(hex));
    // Text, pong and close from the browser; text, ping and close from the server; and a length in two bytes.
    const opcodes = (stream: Stream) => [...new Set(stream.frames.map(({ opcode }) => opcode))].sort((a, b) => a - b);
    expect([opcodes(up), opcodes(down)]).toEqual([[1, 8, 10], [1, 8, 9]]);
    expect(up.frames.some(({ bytes }) => (bytes[1]! & 127) === 126)).toBe(true);
    expect(shown.up.flat().includes('▒▒') && shown.down.flat().includes('▒▒'), 'tokens went both ways').toBe(true);

    await tab(sara, 'دست‌تکانی').click();
    const lines = (at: number) => panel(sara).locator('.lines').nth(at).locator('.wire button').allInnerTexts();
    expect([await lines(0), await lines(1)]).toEqual([up.head, down.head]);
  });
});

test("the handshake is the browser's own, and its answer is computed from its key", async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'xray', 'سارا');
  const browser = await Browser.watching(sara);
  await turnOn(sara);
  await tab(sara, 'دست‌تکانی').click();
  const heads = panel(sara).locator('.lines');
  await expect(heads).toHaveCount(2);
  const text = async (at: number) => (await heads.nth(at).locator('.wire button').allInnerTexts()).join('\n');
  const [request, answer] = [await text(0), await text(1)];
  expect(request).toMatch(/^GET \/ws\/xray\/[^ ]+\?xray=1 HTTP\/1\.1/);
  expect(answer).toMatch(/^HTTP\/1\.1 101 /);
  const key = header(request, 'sec-websocket-key')!;
  const accept = createHash('sha1').update(key + GUID).digest('base64');
  expect(header(answer, 'sec-websocket-accept')).toBe(accept);
  await expect(panel(sara).locator('.computation code').last()).toHaveText(accept);
  await expect(panel(sara).locator('.computation .verdict[data-good]')).toBeVisible();
  // Chromium knows the same key and the same answer.
  expect(browser.requests.join('\n')).toContain(key);
  expect(browser.answers.join('\n')).toContain(accept);

  const line = heads.first().getByRole('button', { name: 'Sec-WebSocket-Key' });
  await line.focus();
  await expect(heads.first().locator('.meaning')).toContainText('شانزده بایت تصادفی');
});

test('every line of the real handshake has a meaning of its own', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'xray', 'سارا');
  await turnOn(sara);
  await tab(sara, 'دست‌تکانی').click();
  await expect(panel(sara).locator('.lines')).toHaveCount(2);
  for (const head of await panel(sara).locator('.lines').all()) {
    const meaning = head.locator('.meaning');
    await head.getByRole('button', { name: 'سرآیند دیگر' }).click();
    const lines = await head.locator('.wire').getByRole('button').all();
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) {
      await line.hover();
      await expect(line).toHaveAttribute('aria-pressed', 'true');
      await expect(head.getByRole('button', { pressed: true }), 'no other line').toHaveCount(1);
      await expect(meaning).not.toHaveText(/^(هر خط پس از خط نخست|سرآیندی که برای دست‌تکانی WebSocket لازم نیست|$)/);
    }
  }
});

test('of a head the lines that make a WebSocket are seen first, and whose each is', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'xray', 'سارا');
  await turnOn(sara);
  await tab(sara, 'دست‌تکانی').click();
  await expect(panel(sara).locator('.lines')).toHaveCount(2);
  const [request, answer] = [panel(sara).locator('.lines').first(), panel(sara).locator('.lines').last()];
  const names = (head: Locator) => head.locator('li:visible b').allInnerTexts();
  expect((await names(request)).slice(1).sort()).toEqual(['Connection', 'Sec-WebSocket-Key', 'Sec-WebSocket-Version', 'Upgrade']);
  expect((await names(answer)).map((name) => name.toLowerCase()).slice(1).sort()).toEqual(['connection', 'sec-websocket-accept', 'upgrade']);
  await expect(request.locator('li').first()).toContainText('پروتکل ما');
  await expect(request.locator('li', { hasText: 'Sec-WebSocket-Key' })).toContainText('RFC 6455');
  await expect(panel(sara).locator('.segments')).toContainText(/برآورد از TCP_INFO: یک رفت‌وبرگشت/);
  await expect(panel(sara).locator('.ending')).toContainText('هنوز باز است');
  await sara.evaluate(async () => {
    const token = document.getElementById('xray-button')!.dataset['recordings']!.trim();
    await fetch(`/xray/${token}/break`, { method: 'POST', body: '{"break":"restart"}' });
  });
  await expect(panel(sara).locator('.ending')).toContainText('سرور اول بست، با 4000');
  const steps = [/^close 4000 ?سرور/, /^close 4000 ?مرورگر/, /^FIN ?سرور/, /^FIN ?مرورگر/, /^TIME_WAIT ?سرور/];
  await expect(panel(sara).locator('.ending li')).toHaveText(steps);
  await joined(sara);
});

test('what is only a sign of life is folded, and control frames can be asked for', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'xray', 'سارا');
  await turnOn(sara);
  const field = panel(sara).getByLabel('این‌جا چیزی بگویید');
  await say(sara, 'دیده شود');
  await expect(own(sara)).toHaveText(/^↑ ?say «دیده شود» ?text 0x1 ?\d+ B ?\d+\.\d{3} s$/);
  await composer(sara).fill('نیمه');
  const fold = panel(sara).locator('.fold button').last();
  await expect(fold).toHaveText(/^[۰-۹]+ فریم خاموش$/);
  await expect(frames(sara).filter({ hasText: 'typing' })).toHaveCount(0);
  await fold.click();
  await expect(frames(sara).filter({ hasText: 'typing' })).not.toHaveCount(0);
  await panel(sara).getByRole('button', { name: 'محتوا' }).click();
  await expect(frames(sara).filter({ hasText: 'typing' })).toHaveCount(0);
  await panel(sara).getByRole('button', { name: 'کنترلی' }).click();
  await expect(panel(sara).locator('.control')).toContainText('مرورگر نمی‌گذارد صفحه ping بفرستد');
  await expect(frames(sara)).toHaveCount(0);
  await panel(sara).getByRole('button', { name: 'همین حالا یک ping از سرور' }).click();
  await expect(frames(sara)).toHaveText([/ping 0x9/, /pong 0xA/]);
  await expect(field).toBeVisible();
});

test('layers and journey tell of the message that was said', async ({ server, somebody }) => {
  const sara = await somebody();
  const ali = await somebody();
  await enter(sara, server.url, 'xray', 'سارا');
  await enter(ali, server.url, 'xray', 'علی');
  await turnOn(sara);
  await say(sara, 'سفر خوش');
  await expect(message(ali, 'سفر خوش')).toBeVisible();
  await tab(sara, 'مسیر پیام').click();
  await expect(panel(sara).locator('.journey blockquote')).toHaveText('سفر خوش');
  await expect(panel(sara).locator('.swimlane')).toContainText('به ۲ سوکت سپرده شد');
  await expect(panel(sara).locator('.journey .verdict')).toContainText('به ۲ سوکت سپرده شد؛');
  // The network is drawn as not measured, and the browser's own clock says how long it waited.
  await expect(panel(sara).locator('.swimlane [data-unmeasured]')).toHaveCount(2);
  await expect(panel(sara).locator('.time').first()).toContainText(/ساعت مرورگر: [۰-۹٫]+ (میکرو|میلی)‌?ثانیه/);
  await expect(panel(sara).locator('.time .tick')).not.toHaveCount(0);

  await tab(sara, 'لایه‌ها').click();
  const rows = panel(sara).locator('.onion li');
  expect(await rows.locator('.osi').allInnerTexts()).toEqual(['7', '7', '7', '6', '5', '4', '3', '2', '1']);
  // As it went and as it came back: each layer begins with what the one above made of it.
  const digits = (text: string) => text.replace(/[۰-۹]/g, (digit) => String(digit.charCodeAt(0) & 15)).replace(/٬/g, '');
  for (const way of ['say', 'said']) {
    const told = await rows.locator(`[data-way=${way}] bdi`).allInnerTexts();
    const [text, ...others] = told.map(digits);
    expect(text).toBe('13');
    let before = text;
    for (const equation of others) {
      const [, within, added, both] = /^(\d+) \+ (\d+) = (\d+)$/.exec(equation)!;
      expect([within, Number(within) + Number(added)]).toEqual([before, Number(both)]);
      before = both;
    }
  }
  // What was counted, what is what it usually is, and what the kernel measured.
  await expect(rows.locator('.tag')).toHaveText([...Array(3).fill('شمرده‌شده'), ...Array(4).fill('برآورد')]);
  await expect(panel(sara).locator('.kernel')).toContainText('رفت‌وبرگشت');
  await expect(panel(sara).locator('h3 .tag')).toHaveText('اندازه‌گیری‌شده');
  // With TLS each is a record's headers longer.
  const all = rows.locator('[data-way=say] bdi').last();
  const total = async () => Number(/(\d+)$/.exec(digits(await all.innerText()))![1]);
  const plain = await total();
  await panel(sara).getByRole('button', { name: 'wss' }).click();
  await expect.poll(total).toBe(plain + 22);
});

test('a member with two tabs is one member, reached by two frames', async ({ server, somebody }) => {
  const sara = await somebody();
  const ali = await somebody();
  await enter(sara, server.url, 'xray', 'سارا');
  await enter(ali, server.url, 'xray', 'علی');
  // As "duplicate tab" does: the same storage, at another tab.
  const kept = await ali.evaluate(() => ({ ...sessionStorage }));
  const second = await ali.context().newPage();
  await second.goto(server.url);
  await second.evaluate((kept) => Object.assign(sessionStorage, kept), kept);
  await second.goto(`${server.url}/r/xray`);
  await joined(second);
  await turnOn(sara);
  await say(sara, 'به هر دو زبانه');
  await tab(sara, 'مسیر پیام').click();
  await expect(panel(sara).locator('.swimlane')).toContainText('به ۳ سوکت سپرده شد');
  await expect(panel(sara).locator('.journey .verdict')).toContainText('به ۳ سوکت سپرده شد (برای ۲ عضو');
});

test('a connection that is broken on purpose comes back, and the panel tells how', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'xray', 'سارا');
  await turnOn(sara);
  const cut = await openCut(sara);
  await expect(cut.getByRole('button', { name: 'اجرا' })).toBeDisabled();
  await breakIt(cut);
  await expect(cut.locator('.seen')).toContainText('بدون هیچ فریم close تمام شد');
  await expect(cut.locator('.seen')).toContainText('recovered: true', { timeout: 15_000 });
  await expect(verdict(cut)).toHaveText(/درست پیش‌بینی کردید/);
  // One stays where one reads, and what lives is offered.
  const chips = panel(sara).locator('.which .chip');
  await expect(chips).toHaveText(['اتصال ۱ بدون خداحافظی قطع شد', 'اتصال ۲ زنده است ←']);
  await expect(chips.first()).toHaveAttribute('aria-pressed', 'true');
  await chips.last().click();
  await expect(chips.last()).toHaveText('اتصال ۲ زنده');
  await joined(sara);
  await tab(sara, 'فریم‌ها').click();
  await expect(frames(sara).filter({ hasText: 'join' })).toContainText('بازگشت شما با resume');
  await expect(frames(sara).filter({ hasText: 'welcome' })).toContainText('recovered: true');
});

test('an experiment outlives its tab, and once it is over another can be begun', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'xray', 'سارا');
  await turnOn(sara);
  const cut = await openCut(sara);
  await answer(cut, 1).check();
  await tab(sara, 'فریم‌ها').click();
  await tab(sara, 'آزمایش خرابی').click();
  await expect(answer(cut, 1)).toBeChecked();
  await cut.getByRole('button', { name: 'اجرا' }).click();
  await tab(sara, 'فریم‌ها').click();
  await joined(sara);
  await tab(sara, 'آزمایش خرابی').click();
  await expect(cut.locator('.verdict[data-good]')).toBeVisible();
  await expect(cut.locator('.seen')).toContainText('recovered: true', { timeout: 15_000 });
  await expect(cut.getByRole('radio').first()).toBeDisabled();

  await cut.getByRole('button', { name: 'یک بار دیگر' }).click();
  await expect(cut.locator('.verdict')).toHaveCount(0);
  await expect(cut.getByRole('radio', { checked: true })).toHaveCount(0);
  await expect(cut.getByRole('button', { name: 'اجرا' })).toBeDisabled();
  await breakIt(cut);
  await expect(panel(sara).locator('.which .chip')).toHaveCount(3, { timeout: 15_000 });
});

test('a message whose acknowledgement is lost is said once, and then it is told who was right', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'xray', 'سارا');
  const ali = await Member.join(server.url, 'xray', 'علی');
  await turnOn(sara);
  const lost = await openExperiment(sara, 3);
  await breakIt(lost, 0);
  await expect(lost.locator('.waits')).toHaveText(/هنوز چیزی نگفته‌اید/);
  await expect(verdict(lost)).toHaveCount(0);
  await say(sara, 'یک بار');
  await ali.hears((msg) => msg.text === 'یک بار');
  await expect(panel(sara).locator('.which .chip')).toHaveCount(2, { timeout: 15_000 });
  await expect(lost.locator('.seen')).toContainText(/پژواک «.?یک بار.?» در اتصال بعدی (آمد|[۲۳] بار آمد، هر بار با همان seq)/);
  await expect(verdict(lost)).toHaveText(/پاسخ درست این بود: پیام درست یک بار دیده می‌شود/);
  await expect(message(sara, 'یک بار').getByText('فرستاده شد')).toBeAttached();
  await expect(message(sara, 'یک بار')).toHaveCount(1);
  await say(sara, 'پایان');
  await ali.hears((msg) => msg.text === 'پایان');
  expect(ali.texts()).toEqual(['یک بار', 'پایان']);
});

test.describe('while the page cannot come back', () => {
  test.use({ expectedComplaints: [/WebSocket connection to .* failed/] });

  test('who is cut is away for the others, and back', async ({ server, network, somebody }) => {
    const sara = await somebody();
    const ali = await somebody();
    await enter(sara, network.url, 'xray', 'سارا');
    await enter(ali, server.url, 'xray', 'علی');
    await turnOn(sara);
    const row = people(ali).locator('li', { hasText: 'سارا' });
    await expect(row).not.toHaveAttribute('data-away');
    const cut = await openCut(sara);
    network.newcomers = 'reset';
    await breakIt(cut);
    await expect(row).toHaveAttribute('data-away');
    await expect(cut.locator('.seen')).toContainText('بدون هیچ فریم close تمام شد');
    await expect(verdict(cut), 'it is not known yet whether one comes back').toHaveCount(0);
    network.newcomers = 'pass';
    await expect(row).not.toHaveAttribute('data-away', { timeout: 20_000 });
    await expect(verdict(cut)).toHaveText(/درست پیش‌بینی کردید/);
  });

  test('who was forgotten is told so, and sees that something is missing', async ({ server, network, somebody }) => {
    const sara = await somebody();
    await enter(sara, network.url, 'xray', 'سارا');
    const ali = await Member.join(server.url, 'xray', 'علی');
    await turnOn(sara);
    const restart = await openExperiment(sara, 4);
    network.newcomers = 'reset';
    await breakIt(restart);
    await ali.hears((msg) => msg.left?.length > 0);
    await ali.says('در این میان');
    await expect(restart.locator('.seen')).toContainText('کد 4000');
    await expect(verdict(restart)).toHaveCount(0);
    network.newcomers = 'pass';
    await expect(restart.locator('.seen')).toContainText('recovered: false', { timeout: 20_000 });
    await expect(verdict(restart)).toHaveText(/درست پیش‌بینی کردید/);
    await expect(log(sara).locator('.gap')).toHaveCount(1);
    await expect(message(sara, 'در این میان')).toHaveCount(0);
    await joined(sara);
  });
});

test('a delay is told as it was measured, once something was said', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'xray', 'سارا');
  await turnOn(sara);
  await say(sara, 'به‌موقع');
  await expect(frames(sara).filter({ hasText: 'said' })).toHaveCount(1);
  const delay = await openExperiment(sara, 2);
  await breakIt(delay);
  const seen = delay.locator('.seen li');
  await expect(seen).toHaveText([/پیش از آن، پژواک/]);
  await expect(delay.locator('.waits')).toHaveText(/هنوز چیزی نگفته‌اید/);
  await expect(verdict(delay)).toHaveCount(0);
  await say(sara, 'دیر');
  await expect(delay.locator('.waits')).toHaveText(/پژواکش هنوز راه نیفتاده/);
  await expect(verdict(delay)).toHaveCount(0);
  await expect(seen.last()).toHaveText(/پژواک «.?دیر.?» ۱٫۰ ثانیه پس از خوانده شدنش/);
  await expect(verdict(delay)).toHaveText(/درست پیش‌بینی کردید/);
  await say(sara, 'و باز دیر');
  await expect(seen.last()).toHaveText(/۲ پیام به ترتیب seq آمد/);
  await expect(delay.getByRole('button', { name: 'یک بار دیگر' })).toBeEnabled();
});

test('deafness is told as a silence, and then all that was read at once', async ({ server, somebody }) => {
  test.slow();
  const sara = await somebody();
  await enter(sara, server.url, 'xray', 'سارا');
  await turnOn(sara);
  const deaf = await openExperiment(sara, 1);
  await breakIt(deaf);
  const seen = deaf.locator('.seen li');
  await expect(deaf.locator('.waits')).toHaveText(/سرور دارد نمی‌خواند/);
  await expect(verdict(deaf)).toHaveCount(0);
  await say(sara, 'یک');
  await say(sara, 'دو');
  await expect(seen.first()).toHaveText(/^(۹|۱۰)٫. ثانیه هیچ بایتی از شما خوانده نشد/, { timeout: 15_000 });
  await expect(seen.last()).toHaveText(/یک‌جا خوانده شد؛ ۲ پیام شما میانشان بود/);
  await expect(verdict(deaf)).toHaveText(/درست پیش‌بینی کردید/);
  await expect(deaf.getByRole('button', { name: 'یک بار دیگر' })).toBeEnabled();
});

test('a lost acknowledgement comes with the replay', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'xray', 'سارا');
  await turnOn(sara);
  const lost = await openExperiment(sara, 3);
  await answer(lost, 2).check();
  await lost.getByRole('button', { name: 'اجرا' }).click();
  await expect(lost.locator('.waits')).toContainText('هنوز چیزی نگفته‌اید');
  await say(sara, 'یک بار');
  await expect(lost.locator('.seen')).toContainText('۱ پیام بازپخش شد', { timeout: 15_000 });
  await expect(message(sara, 'یک بار')).toHaveCount(1);
});

test.describe('of a server that is gone', () => {
  test.use({ expectedComplaints: [/ERR_CONNECTION_|ERR_INCOMPLETE_CHUNKED_ENCODING|404 \(Not Found\)|WebSocket connection to .* failed/] });

  test('a recording that it has forgotten is not live, and only that one', async ({ server, somebody }) => {
    test.slow();
    const sara = await somebody();
    await enter(sara, server.url, 'xray', 'سارا');
    await turnOn(sara);
    const chips = panel(sara).locator('.which .chip');
    const warning = panel(sara).locator('.note.warning');
    await server.kill();
    await expect(chips.first()).not.toContainText('زنده');
    // On the stage nothing else would say so.
    const cut = panel(sara).getByText('اکنون وصل نیست');
    await expect(cut).toBeVisible();
    await panel(sara).getByRole('button', { name: 'بزرگ‌نمایی' }).click();
    await expect(cut).toBeInViewport({ ratio: 1 });
    await panel(sara).getByRole('button', { name: 'بزرگ‌نمایی' }).click();
    await expect(warning).toContainText('جریان این ضبط قطع شد');
    await server.restart();
    await expect(chips.last()).toContainText('زنده', { timeout: 30_000 });
    await expect(cut).toHaveCount(0);
    await expect(chips).toHaveCount(2);
    await expect(chips.first()).toContainText('دنباله‌اش دیده نشد', { timeout: 15_000 });
    await expect(warning).toContainText('این ضبط همین‌جا می‌ماند');
    await chips.last().click();
    await expect(warning).toHaveCount(0);
    // Whoever comes back to a server that knows nobody is told so by the frames.
    await expect(frames(sara).filter({ hasText: 'join' })).toContainText('بازگشت شما با resume');
    await expect(frames(sara).filter({ hasText: 'welcome' })).toContainText('recovered: false');
  });
});

test('a journey that is looked at stays when others come', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'xray', 'سارا');
  await turnOn(sara);
  const looked = panel(sara).locator('.journey blockquote');
  const go = (name: string) => panel(sara).locator('.journey').getByRole('button', { name }).click();
  await say(sara, 'یک');
  await say(sara, 'دو');
  await tab(sara, 'مسیر پیام').click();
  await expect(looked).toHaveText('دو');
  await go('پیام پیشین');
  await expect(looked).toHaveText('یک');
  await say(sara, 'سه');
  await expect(panel(sara).locator('.pager .position')).toHaveText('۱ از ۳');
  await expect(panel(sara).locator('.journey').getByRole('button', { name: 'پیام پیشین' })).toBeDisabled();
  await go('پیام بعدی');
  await expect(looked).toHaveText('دو');
  await go('پیام بعدی');
  await expect(looked).toHaveText('سه');
  // The newest is followed.
  await say(sara, 'چهار');
  await expect(looked).toHaveText('چهار');
});

test('it opens at the handshake, and later where it was left', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'xray', 'سارا');
  const button = sara.getByRole('button', { name: 'زیر ذره‌بین' });
  await button.click();
  await expect(tab(sara, 'دست‌تکانی')).toBeFocused();
  await expect(panel(sara).locator('.handshake .wire')).toHaveCount(2);
  await sara.keyboard.press('ArrowLeft');
  await expect(tab(sara, 'فریم‌ها')).toBeFocused();
  await sara.keyboard.press('Escape');
  await expect(panel(sara)).toBeHidden();
  await expect(button).toBeFocused();
  await sara.reload();
  await joined(sara);
  await button.click();
  await expect(tab(sara, 'فریم‌ها')).toHaveAttribute('aria-selected', 'true');
});

test('what is said in it is said in the room', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'xray', 'سارا');
  const ali = await Member.join(server.url, 'xray', 'علی');
  await turnOn(sara);
  await composer(sara).fill('نیمه‌کاره');
  const field = panel(sara).getByLabel('این‌جا چیزی بگویید');
  await field.fill('از همین‌جا');
  await field.press('Enter');
  await ali.hears((msg) => msg.text === 'از همین‌جا');
  await expect(field).toHaveValue('');
  await expect(field).toBeFocused();
  await expect(composer(sara)).toHaveValue('نیمه‌کاره');
  await expect(sara.getByRole('button', { name: 'فرستادن', exact: true })).toBeEnabled();
  // What the room does not take is not lost.
  await field.fill('ب'.repeat(5_000));
  await field.press('Enter');
  await expect(panel(sara).getByRole('alert')).toContainText('فرستاده نشد');
  await expect(field).toHaveValue('ب'.repeat(5_000));
});

test('on the stage it is all there is, and in order', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'xray', 'سارا');
  await turnOn(sara);
  const width = async () => (await panel(sara).boundingBox())!.width;
  expect(await width()).toBeLessThan(700);
  const widen = panel(sara).getByRole('button', { name: 'بزرگ‌نمایی' });
  await widen.click();
  expect(await width()).toBeGreaterThan(1_200);
  await expect(widen).toBeFocused();
  await expect(sara.locator('.bar')).toBeHidden();
  await expect(composer(sara)).toBeHidden();
  // The keyboard goes as the eye does: from right to left, and then down.
  await tab(sara, 'فریم‌ها').focus();
  let before = { x: Infinity, y: 0 };
  for (let step = 0; step < 5; step += 1) {
    const { x, y, height } = (await sara.locator(':focus').boundingBox())!;
    expect(y > before.y + height / 2 || x < before.x, `${step}: ${x}, ${y}`).toBe(true);
    before = { x, y };
    await sara.keyboard.press('Tab');
  }
  await widen.click();
  await expect(widen).toBeFocused();
  expect(await width()).toBeLessThan(700);
});

test('on the stage an open frame leads back to the list', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'xray', 'سارا');
  await turnOn(sara);
  await joined(sara);
  await panel(sara).getByRole('button', { name: 'بزرگ‌نمایی' }).click();
  await tab(sara, 'فریم‌ها').click();
  const [join, welcome] = ['join', 'welcome'].map((kind) => frames(sara).filter({ hasText: kind }));
  await join!.getByRole('button').first().click();
  await expect(join!.locator('.bits')).toBeVisible();
  await expect(welcome!).toBeHidden();
  const back = panel(sara).getByText('بازگشت به فهرست');
  await expect(back).toBeInViewport({ ratio: 1 });
  await back.click();
  await expect(welcome!).toBeInViewport();
  await expect(back).toHaveCount(0);
});

test('it is turned off, and hidden, without harm', async ({ server, somebody }) => {
  const sara = await somebody();
  await enter(sara, server.url, 'xray', 'سارا');
  const button = sara.getByRole('button', { name: 'زیر ذره‌بین' });
  await turnOn(sara);
  await button.click();
  await expect(panel(sara)).toBeHidden();
  await expect(button).toHaveAttribute('aria-expanded', 'false');
  await button.click();
  await expect(panel(sara)).toBeVisible();
  await panel(sara).getByRole('button', { name: 'پایان ضبط' }).click();
  await expect(panel(sara)).toBeHidden();
  await joined(sara);
  await say(sara, 'بی‌ضبط');
  await expect(message(sara, 'بی‌ضبط')).toBeVisible();
  await button.click();
  // The first recording ended with the code by which the page opened its connection anew.
  await expect(panel(sara).locator('.which .chip').first()).toContainText('4004');
});

test('what is taken home is seen there without a server', async ({ server, somebody }, info) => {
  const sara = await somebody();
  await enter(sara, server.url, 'xray', 'سارا');
  await turnOn(sara);
  await say(sara, 'برای خانه </script><b>');
  await expect(frames(sara).filter({ hasText: 'said' })).toHaveCount(1);
  await tab(sara, 'خروجی').click();
  // Browsers may save it a while after the click.
  await sara.evaluate(() => {
    URL.revokeObjectURL = () => document.body.setAttribute('data-revoked', '');
  });
  const [html] = await Promise.all([sara.waitForEvent('download'), panel(sara).locator('#take-page-home').click()]);
  const named = (ending: string) => new RegExp(`^otagh-xray-سارا-\\d{4}-\\d\\d-\\d\\d\\.${ending}$`);
  expect(html.suggestedFilename()).toMatch(named('html'));
  const file = info.outputPath('otagh.html');
  await html.saveAs(file);
  await expect(sara.locator('body')).not.toHaveAttribute('data-revoked');
  const [pcap] = await Promise.all([sara.waitForEvent('download'), panel(sara).getByRole('link', { name: /pcapng/ }).click()]);
  expect(pcap.suggestedFilename()).toMatch(named('pcapng'));
  const bytes = await readFile(await pcap.path());
  expect(bytes.readUInt32LE(0)).toBe(0x0a0d0d0a);
  await sara.close();
  await server.stop();

  const home = await somebody({ offline: true });
  await home.goto(pathToFileURL(file).href);
  await home.getByRole('tab', { name: 'فریم‌ها' }).click();
  await expect(home.locator('.frame').filter({ hasText: 'said' })).toHaveCount(1);
  await expect(home.locator('.title-block')).toContainText(/xray.*سارا.*UTC.*127\.0\.0\.1:\d+ ⇄ 127\.0\.0\.1:\d+/);
  await expect(home).toHaveTitle(/^otagh-xray-سارا-/);
  const own = home.locator('.frame[data-own]').filter({ hasText: 'say' });
  await own.getByRole('button').first().click();
  await expect(own.locator('.payload.wire')).toContainText('برای خانه </script><b>');
  // On paper all of it, with the frame that is open.
  await home.emulateMedia({ media: 'print' });
  await expect(home.locator('.title-block')).toBeVisible();
  await expect(own.locator('.bits')).toBeVisible();
  await expect(home.locator('.replay')).toBeHidden();
  const { cut, all: count } = await home.locator('.frame').evaluateAll((frames) => ({
    cut: frames.filter((frame) => frame.getBoundingClientRect().bottom + scrollY > document.documentElement.scrollHeight + 1).length,
    all: frames.length,
  }));
  expect([cut, count > 4]).toEqual([0, true]);
  await home.emulateMedia({ media: 'screen' });
  await own.getByRole('button').first().click();

  // It is played again, from its beginning or step by step.
  const all = await home.locator('.frame').count();
  const slider = home.getByRole('slider', { name: 'گام بازپخش' });
  await slider.press('Home');
  await expect(home.locator('.frame')).toHaveCount(0);
  await expect(slider).toHaveAttribute('aria-valuetext', /^گام ۱ از/);
  await slider.press('End');
  await expect(home.locator('.frame')).toHaveCount(all);
  await slider.press('Home');
  await home.getByRole('button', { name: 'پخش', exact: true }).click();
  await expect(home.locator('.frame').first()).toBeVisible();
  await home.getByRole('button', { name: 'مکث' }).click();
  const paused = await home.locator('.frame').count();
  await home.waitForTimeout(1_500);
  await expect(home.locator('.frame')).toHaveCount(paused);
  await home.getByRole('button', { name: 'پخش', exact: true }).click();
  await expect(home.locator('.frame')).toHaveCount(all, { timeout: 20_000 });
  // From its end it is played from its beginning.
  await home.getByRole('button', { name: 'پخش', exact: true }).click();
  expect(await home.locator('.frame').count()).toBeLessThan(all);
  await expect(home.locator('.frame')).toHaveCount(all, { timeout: 20_000 });
});

test('a phone has it as a drawer over the conversation', async ({ server, somebody }) => {
  const sara = await somebody({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await enter(sara, server.url, 'xray', 'سارا');
  await turnOn(sara);
  const box = (await panel(sara).boundingBox())!;
  expect(box.width).toBeGreaterThan(380);
  const width = await sara.evaluate(() => document.documentElement.scrollWidth);
  expect(width, 'nothing is wider than the phone').toBeLessThanOrEqual(390);
  await frames(sara).filter({ hasText: 'join' }).getByRole('button').first().click();
  await expect(panel(sara).locator('.bits')).toBeVisible();
  const bits = (await panel(sara).locator('.bits').boundingBox())!;
  expect(bits.width).toBeLessThanOrEqual(390);
  // The token that was sent is covered.
  await expect(panel(sara).locator('.payload.wire')).toContainText('"resume":{"token":"****');
  // The words of the picture are read without a glass.
  const field = panel(sara).getByLabel('این‌جا چیزی بگویید');
  await field.fill('از گوشی');
  await field.press('Enter');
  await tab(sara, 'مسیر پیام').click();
  for (const width of [390, 360]) {
    await sara.setViewportSize({ width, height: 844 });
    const sizes = await panel(sara).locator('.swimlane text').evaluateAll((texts) =>
      (texts as SVGTextElement[]).map((text) => Number.parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM()!.a),
    );
    expect(sizes.length).toBeGreaterThan(8);
    expect(Math.min(...sizes), `${width}`).toBeGreaterThanOrEqual(12);
  }
  await sara.setViewportSize({ width: 390, height: 844 });
  // The first of many header lines is touched, and what it means is in sight.
  await tab(sara, 'دست‌تکانی').click();
  const heads = panel(sara).locator('.lines');
  await heads.first().getByRole('button', { name: 'سرآیند دیگر' }).tap();
  await heads.first().getByRole('button', { name: 'Host' }).tap();
  await expect(heads.first().locator('.meaning')).toContainText('نام و درگاه سروری');
  await expect(heads.first().getByRole('button', { pressed: true })).toHaveText(/^Host/);
  await expect(heads.first().locator('.meaning')).toBeInViewport({ ratio: 0.95 });
  await panel(sara).getByRole('button', { name: 'پنهان کردن' }).click();
  // On a phone Enter breaks the line.
  await composer(sara).fill('پشت کشو');
  await sara.getByRole('button', { name: 'فرستادن', exact: true }).click();
  await expect(message(sara, 'پشت کشو')).toBeVisible();
});

test.describe('where there is no lab', () => {
  test.use({ serverOptions: ['--lab', 'off'], expectedComplaints: [/403 \(Forbidden\)/] });

  test('nothing can be broken, and the page says how it could', async ({ server, somebody }) => {
    const sara = await somebody();
    await enter(sara, server.url, 'xray', 'سارا');
    await turnOn(sara);
    const cut = await openCut(sara);
    await cut.getByRole('radio').first().check();
    await cut.getByRole('button', { name: 'اجرا' }).click();
    await expect(cut).toContainText('--lab');
    await joined(sara);
  });
});

test.describe('where a recording is short', () => {
  test.use({ serverOptions: ['--xray-bytes', '3000'] });

  test('the panel says that it is full, and the chat goes on', async ({ server, somebody }) => {
    const sara = await somebody();
    await enter(sara, server.url, 'xray', 'سارا');
    await turnOn(sara);
    const warning = panel(sara).locator('.note.warning');
    await expect(warning).toHaveCount(0);
    await say(sara, 'ب'.repeat(800));
    await expect(warning).toHaveText(/^ضبط پر شد: بیش از ۳٬۰۰۰ بایت نگه داشته نمی‌شود/);
    await say(sara, 'دیده نمی‌شود');
    await expect(message(sara, 'دیده نمی‌شود').getByText('فرستاده شد')).toBeAttached();
    await expect(own(sara)).toHaveCount(0);
    // It is still live, and its recording is not the connection's end.
    await expect(panel(sara).locator('.which .chip')).toHaveText([/زنده/]);
  });
});

test.describe('where nobody may be recorded', () => {
  test.use({ serverOptions: ['--xray-total-bytes', '0'] });

  test('the page says so, and the chat goes on', async ({ server, somebody }) => {
    const sara = await somebody();
    await enter(sara, server.url, 'xray', 'سارا');
    await sara.getByRole('button', { name: 'زیر ذره‌بین' }).click();
    await expect(panel(sara)).toContainText('هنوز چیزی ضبط نشده است');
    await joined(sara);
    await say(sara, 'با این همه');
    await expect(message(sara, 'با این همه')).toBeVisible();
  });
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`nothing in it stands in anybody's way, ${colorScheme}`, async ({ server, somebody }) => {
    test.slow();
    const sara = await somebody({ colorScheme, reducedMotion: 'reduce' });
    await enter(sara, server.url, 'xray', 'سارا');
    await turnOn(sara);
    await say(sara, 'سلام');
    await own(sara).getByRole('button').first().click();
    for (const name of ['فریم‌ها', 'دست‌تکانی', 'لایه‌ها', 'مسیر پیام', 'آزمایش خرابی', 'خروجی']) {
      await tab(sara, name).click();
      const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
      const { violations } = await new AxeBuilder({ page: sara }).withTags(rules).analyze();
      const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join('\n  ')}`);
      expect(told, name).toEqual([]);
    }
  });
}

test('behind a proxy that gathers, it says that nothing comes, until something does', async ({ server, somebody }) => {
  const proxy = await Proxy.start(server.port, { gathers: 'body' });
  const sara = await somebody();
  await enter(sara, proxy.url, 'xray', 'سارا');
  await sara.getByRole('button', { name: 'زیر ذره‌بین' }).click();
  const held = panel(sara).getByRole('status').filter({ hasText: 'پراکسی‌ای میان راه آن را نگه می‌دارد' });
  await expect(held).toBeVisible({ timeout: 15_000 });
  await joined(sara);
  await tab(sara, 'فریم‌ها').click();
  proxy.release();
  await expect(frames(sara).filter({ hasText: 'welcome' })).toHaveCount(1);
  await expect(held).toHaveCount(0);
  await sara.close();
  await proxy.stop();
});
