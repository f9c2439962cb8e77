// A handshake and frames written by hand, and the answers of a strict server.

import { createHash } from 'node:crypto';

import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

import { expect, test } from './fixtures/test.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** What went and came, the newest first. */
const log = (page: Page) => page.getByRole('log').locator('.log > li');
const outcome = (page: Page) => page.locator('.outcome .verdict');
const preset = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** Shakes hands as it should be. */
async function shake(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/workbench`);
  await page.locator('#ask').click();
  await expect(log(page).first()).toContainText('HTTP/1.1 101');
}

/** Sends a ready-made frame. */
async function send(page: Page, name: string): Promise<void> {
  await preset(page, name).click();
  await page.locator('#send-frame').click();
}

test('a good request is answered with the accept of its key, and a frame comes back', async ({ server, somebody }) => {
  const page = await somebody();
  await shake(page, server.url);
  const request = await page.locator('textarea').inputValue();
  const key = /Sec-WebSocket-Key: (.*)/.exec(request)![1]!;
  const accept = createHash('sha1').update(key + GUID).digest('base64');
  await expect(log(page).first()).toContainText(accept);
  // What makes it no WebSocket is out of the way until it is asked for.
  const secure = log(page).first().getByText('x-frame-options', { exact: true });
  await expect(secure).toBeHidden();
  await log(page).first().getByRole('button', { name: 'سرآیند دیگر' }).click();
  await expect(secure).toBeVisible();
  await expect(page.locator('.computation')).toBeHidden();
  await page.locator('.own-accept > details > summary').click();
  await expect(page.locator('.computation code').last()).toHaveText(accept);
  await expect(page.locator('.computation .verdict[data-good]')).toBeVisible();

  await page.locator('#payload').fill('سلام workbench');
  await page.locator('#payload').blur();
  await page.locator('#send-frame').click();
  await expect(log(page)).toHaveCount(4);
  await expect(outcome(page).last()).toContainText('قاعده‌ای شکسته نشد');
  await expect(log(page).nth(1)).toContainText('FIN MASK text');
  await expect(log(page).nth(0)).toContainText('FIN text');
  await expect(log(page).nth(0)).toContainText('سلام workbench');

  await send(page, 'تکه‌ی نخست');
  await send(page, 'پینگ');
  await expect(log(page).first()).toContainText('pong');
  await send(page, 'تکه‌ی آخر');
  await expect(log(page).first()).toContainText('سلام دنیا');
  await send(page, 'بستن 1000');
  await expect(log(page).first()).toContainText('اتصال تمام شد');
  await expect(log(page).nth(1)).toContainText('1000');
});

test('the accept is computed by the learner, and how it is done is folded until asked for', async ({ server, somebody }) => {
  const page = await somebody();
  await page.goto(`${server.url}/workbench`);
  const request = 'GET /ws/echo HTTP/1.1\nHost: localhost\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\n';
  await page.locator('textarea').fill(`${request}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n`);
  const own = page.getByLabel('Sec-WebSocket-Accept به حساب شما');
  const verdict = page.locator('.own-accept [role=status]').first();
  await expect(verdict).toHaveText('');
  await own.fill('YjM3YTRmMmNjMDYyNGYxNjkwZjY0NjA2Y2YzODU5NDViMmJlYzRlYQ==');
  await expect(verdict).toContainText('هنوز نه');
  await own.fill(' s3pPLMBiTxaQ9kYGzzhZRbK+xOo= ');
  await expect(verdict).toContainText('درست حساب کردید');
  await expect(page.getByText('کلیدی که نوشتید')).toBeHidden();
  await page.getByText('نمایش گام‌به‌گام محاسبه').click();
  await expect(page.getByText('کلیدی که نوشتید')).toBeVisible();
  // What was typed and unfolded stays when the log grows.
  await page.locator('#ask').click();
  await expect(log(page).first()).toContainText('HTTP/1.1 101');
  await expect(own).toHaveValue(' s3pPLMBiTxaQ9kYGzzhZRbK+xOo= ');
  await expect(page.locator('.computation .verdict[data-good]')).toBeVisible();
});

test('a length that its form has no room for is shown as it goes', async ({ server, somebody }) => {
  const page = await somebody();
  await page.goto(`${server.url}/workbench`);
  await page.getByLabel('طولی که ادعا می‌شود').fill('300');
  await page.getByLabel('طولی که ادعا می‌شود').blur();
  await expect(page.locator('.bits')).toContainText('300 bytes');
  await expect(page.locator('#cut')).toHaveCount(0);
  await page.getByLabel('نوشتار طول').selectOption('۷ بیتی');
  await expect(page.locator('.bits')).toContainText('125 bytes');
  await expect(page.locator('#cut')).toContainText('۱۲۵');
  await page.getByLabel('بار مفید به هگز').fill('7 d8');
  await page.getByLabel('بار مفید به هگز').blur();
  await expect(page.getByLabel('بار مفید به هگز')).toHaveValue('07 d8');
});

test('what stands in the log stays untouched, and each line of an answer is explained', async ({ server, somebody }) => {
  const page = await somebody();
  await shake(page, server.url);
  const line = log(page).first().getByRole('button', { name: 'sec-websocket-accept' });
  await line.focus();
  await expect(log(page).first().locator('.meaning')).toContainText('پاسخ کلید');
  // Whatever is drawn anew, a screen reader may read anew.
  await page.evaluate(() => document.querySelectorAll('.log > li').forEach((li) => li.setAttribute('data-same', '')));
  await send(page, 'متن درست');
  await expect(log(page)).toHaveCount(4);
  await expect(page.locator('.log > li[data-same]')).toHaveCount(2);
  await expect(log(page).nth(2).locator('.meaning')).toContainText('پاسخ کلید');
});

test('a bad request is refused in words, and the learner tries again', async ({ server, somebody }) => {
  const page = await somebody();
  await page.goto(`${server.url}/workbench`);
  for (const [name, status, word] of [
    ['بدون Upgrade', '426', "'Upgrade: websocket' is missing"],
    ['نسخه‌ی نادرست', '426', "'Sec-WebSocket-Version' must be 13"],
    ['کلید نادرست', '400', "'Sec-WebSocket-Key' must be 16 bytes"],
    ['با POST', '426', 'the method must be GET'],
    ['نشانی دیگر', '404', ''],
  ] as const) {
    await preset(page, name).click();
    await page.locator('#ask').click();
    await expect(log(page).first()).toContainText(`HTTP/1.1 ${status}`);
    await expect(log(page).first()).toContainText(word);
    await expect(outcome(page)).toContainText(`${status}: `);
    await expect(outcome(page)).not.toHaveAttribute('data-good', '');
    await expect(preset(page, name)).toHaveAttribute('aria-pressed', 'true');
    await expect(page.locator('#send-frame')).toBeDisabled();
  }
  await preset(page, 'درخواست درست').click();
  await page.locator('#ask').click();
  await expect(log(page).first()).toContainText('HTTP/1.1 101');
});

test('whoever begins anew in the middle has a new connection, which the old one does not end', async ({ server, somebody }) => {
  const page = await somebody();
  await shake(page, server.url);
  await page.locator('#anew').click();
  await page.locator('#ask').click();
  await expect(log(page).first()).toContainText('HTTP/1.1 101');
  await send(page, 'متن درست');
  await expect(log(page)).toHaveCount(4);
  await expect(log(page).first()).toContainText('سلام');
});

test('no line ends inside a citation', async ({ server, somebody }) => {
  const page = await somebody();
  await shake(page, server.url);
  await preset(page, 'بدون ماسک').click();
  await page.locator('#send-frame').click();
  const verdict = page.locator('.verdict').filter({ hasText: '1002' });
  await expect(verdict.locator('.cited')).toHaveText('RFC 6455 §5.1');
  const lines = await verdict.evaluate((verdict) => {
    const lines = [];
    for (let width = 200; width < 500; width += 10) {
      (verdict as HTMLElement).style.inlineSize = `${width}px`;
      lines.push(verdict.querySelector('.cited')!.getClientRects().length);
    }
    return lines;
  });
  expect(new Set(lines)).toEqual(new Set([1]));
});

for (const [name, code, rule] of [
  ['بدون ماسک', 1002, 'unmasked'],
  ['RSV روشن', 1002, 'reserved_bits'],
  ['opcode رزروشده', 1002, 'reserved_opcode'],
  ['UTF-8 نادرست', 1007, 'text_not_utf8'],
  ['طول به شکلی بلندتر از لازم', 1002, 'length_not_minimal'],
  ['پینگ تکه‌تکه', 1002, 'fragmented_control'],
  ['بستن 1005', 1002, 'bad_close_code'],
  ['نیمه‌ی کد بستن', 1002, 'half_close_code'],
] as const) {
  test(`${rule} is closed with ${code}, as predicted`, async ({ server, somebody }) => {
    const page = await somebody();
    await shake(page, server.url);
    await preset(page, name).click();
    await page.locator('.prediction summary').click();
    await expect(page.locator('.prediction p')).toContainText(String(code));
    await page.locator('#send-frame').click();
    const close = log(page).filter({ hasText: 'close' }).first();
    await expect(close).toContainText(`${code} ${rule}`);
    await expect(close).toContainText('RFC 6455 §');
    await expect(log(page).first()).toContainText('اتصال تمام شد');
    await page.locator('#anew').click();
    await expect(log(page)).toHaveCount(0);
    await page.locator('#ask').click();
    await expect(log(page).first()).toContainText('HTTP/1.1 101');
  });
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`nothing on it stands in anybody's way, ${colorScheme}`, async ({ server, somebody }) => {
    const page = await somebody({ colorScheme, reducedMotion: 'reduce' });
    await shake(page, server.url);
    await send(page, 'متن درست');
    await expect(log(page)).toHaveCount(4);
    const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await new AxeBuilder({ page }).withTags(rules).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join('\n  ')}`)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  });
}
