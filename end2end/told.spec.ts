// What the page tells is true: who is here, who came and went, what day it is, that others talked
// before; also once a browser has translated it, and however much there is to tell.

import type { Locator, Page } from '@playwright/test';
import { TALKATIVE } from './fixtures/conversation.ts';
import { Member } from './fixtures/member.ts';
import { translate } from './fixtures/translation.ts';
import { expect, test } from './fixtures/test.ts';
import { composer, enterByLink, joined, log, message, people, say, status } from './room.ts';

const DAY_MS = 86_400_000;
/** Long enough for whatever is told of people to have been told. */
const LONG_MS = 8_000;

const comings = (page: Page): Locator => log(page).locator('.comings');
const invitation = (page: Page): Locator => log(page).locator('.invitation');
const day = (page: Page): Locator => log(page).locator('.divider');
const subtitle = (page: Page): Locator => page.locator('.bar .subtitle');

/** Counts, from now on, what is put into the conversation: nodes, and how often. */
async function watchRows(page: Page): Promise<() => Promise<{ nodes: number; times: number; comings: string[] }>> {
  const seen = await page.evaluateHandle(() => {
    const seen = { nodes: 0, times: 0, comings: [] as string[] };
    const size = (node: Node): number => 1 + [...node.childNodes].reduce((sum, child) => sum + size(child), 0);
    new MutationObserver((changes) => {
      seen.times++;
      for (const { addedNodes, target } of changes) {
        for (const node of addedNodes) {
          seen.nodes += size(node);
          const row = (node as Element).closest?.('.comings') ?? (target as Element).closest('.comings');
          if (row) seen.comings.push(node.textContent!);
        }
      }
    }).observe(document.querySelector('#timeline')!, { childList: true, subtree: true });
    return seen;
  });
  return () => seen.jsonValue();
}

test.describe('a beginning', () => {
  test('a newcomer in a busy room learns that others talked before', async ({ server, somebody }) => {
    const ali = await Member.join(server.url, 'busy', 'علی');
    await ali.says('پیش از سارا');
    const sara = await somebody();
    await enterByLink(sara, server.url, 'busy', 'سارا');
    await expect(invitation(sara)).toContainText('گفت‌وگو برای شما از همین‌جا شروع می‌شود');
    await expect(invitation(sara)).not.toContainText('نخستین پیام');
    await expect(invitation(sara).getByRole('button')).toHaveCount(0);

    await ali.says('پس از سارا');
    await expect(message(sara, 'پس از سارا')).toBeVisible();
    await expect(invitation(sara)).toBeHidden();
    const beginning = log(sara).locator('#timeline > li:first-child');
    await expect(beginning).toBeVisible();
    await expect(beginning).toHaveText('گفت‌وگو برای شما از همین‌جا شروع می‌شود');

    // A reload is no beginning, and does not forget it.
    await sara.reload();
    await joined(sara);
    await expect(message(sara, 'پس از سارا')).toHaveCount(1);
    await expect(invitation(sara)).toBeHidden();
    await expect(log(sara).locator('.beginning')).toHaveCount(1);
    await expect(log(sara).locator('.gap')).toHaveCount(0);
    ali.close();
  });

  test('a newcomer who reloads before anything is said still knows', async ({ server, somebody }) => {
    const ali = await Member.join(server.url, 'busy', 'علی');
    await ali.says('پیش از سارا');
    const sara = await somebody();
    await enterByLink(sara, server.url, 'busy', 'سارا');
    await sara.reload();
    await joined(sara);
    await expect(invitation(sara)).toContainText('گفت‌وگو برای شما از همین‌جا شروع می‌شود');
    ali.close();
  });

  test('whoever is alone in a new room is invited to begin', async ({ server, somebody }) => {
    const sara = await somebody();
    await enterByLink(sara, server.url, 'alone', 'سارا');
    await expect(invitation(sara)).toContainText('هنوز پیامی نیست');
    await expect(invitation(sara).getByRole('button')).toHaveText('هم‌رسانی');
    // That somebody comes is no talk.
    const ali = await Member.join(server.url, 'alone', 'علی');
    await expect(comings(sara)).toHaveText('علی آمد');
    await expect(invitation(sara)).toContainText('هنوز پیامی نیست');
    await sara.reload();
    await joined(sara);
    await expect(invitation(sara)).toContainText('هنوز پیامی نیست');
    await say(sara, 'سلام');
    await expect(message(sara, 'سلام')).toBeVisible();
    await expect(log(sara).locator('.beginning')).toHaveCount(0);
    ali.close();
  });
});

test('whoever is away is not counted as here', async ({ server, somebody }) => {
  const sara = await somebody();
  await enterByLink(sara, server.url, 'away', 'سارا');
  const others = await Promise.all(['علی', 'رضا', 'مینا'].map((name) => Member.join(server.url, 'away', name)));
  await expect(subtitle(sara)).toHaveText('۴ نفر این‌جا هستند');
  others[0]!.vanish();
  others[1]!.vanish();
  await expect(people(sara).locator('[data-away]')).toHaveCount(2);
  await expect(subtitle(sara)).toHaveText('۲ نفر این‌جا هستند');
  await expect(sara.locator('#people h2')).toHaveText('۲ نفر این‌جا هستند');

  // A newcomer counts the same, and so does who sees one of them come back.
  const nima = await somebody();
  await enterByLink(nima, server.url, 'away', 'نیما');
  await expect(subtitle(nima)).toHaveText('۳ نفر این‌جا هستند');
  const ali = await others[0]!.again();
  await expect(subtitle(nima)).toHaveText('۴ نفر این‌جا هستند');
  await expect(subtitle(sara)).toHaveText('۴ نفر این‌جا هستند');
  await expect(comings(sara)).not.toContainText('رفت');
  ali.close();
  others[2]!.close();
});

test.describe('days', () => {
  test('what was today is yesterday after midnight', async ({ server, somebody }) => {
    const sara = await somebody();
    await enterByLink(sara, server.url, 'days', 'سارا');
    await say(sara, 'سلام');
    await expect(day(sara)).toHaveText('امروز');
    const now = Date.now();
    await sara.clock.setFixedTime(now + DAY_MS);
    await expect(day(sara)).toHaveText('دیروز');
    await sara.clock.setFixedTime(now + 2 * DAY_MS);
    await expect(day(sara)).toHaveText(/شنبه|جمعه/);
    // A clock that is set back is believed too.
    await sara.clock.setFixedTime(now);
    await expect(day(sara)).toHaveText('امروز');
  });

  test('another time zone shows its own times and days', async ({ server, somebody }) => {
    const sara = await somebody({ timezoneId: undefined });
    const devtools = await sara.context().newCDPSession(sara);
    const travel = (timezoneId: string) => devtools.send('Emulation.setTimezoneOverride', { timezoneId });
    const clock = (timeZone: string, at: number) =>
      new Intl.DateTimeFormat('fa-IR', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
    await travel('Asia/Tehran');
    await enterByLink(sara, server.url, 'zones', 'سارا');
    await say(sara, 'سلام');
    const time = message(sara, 'سلام').locator('time');
    await expect(message(sara, 'سلام').getByText('فرستاده شد')).toBeAttached();
    const at = Date.parse((await time.getAttribute('datetime'))!);
    for (const zone of ['Asia/Tehran', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'America/St_Johns']) {
      await travel(zone);
      await expect(time).toHaveText(clock(zone, at));
      await expect(day(sara)).toHaveText('امروز');
      await expect(message(sara, 'سلام')).toHaveCount(1);
    }
  });
});

test.describe('comings and goings', () => {
  test('five reloads are no line, with messages between', async ({ server, somebody }) => {
    const sara = await somebody();
    await sara.clock.install();
    await enterByLink(sara, server.url, 'reloads', 'سارا');
    let ali = await Member.join(server.url, 'reloads', 'علی');
    await expect(comings(sara)).toHaveText('علی آمد');
    const rows = await watchRows(sara);
    for (let reload = 1; reload <= 5; reload++) {
      await say(sara, `پیش از ${reload}.`);
      await expect(message(sara, `پیش از ${reload}.`).getByText('فرستاده شد')).toBeAttached();
      await ali.reload();
      // The list is told at once.
      await expect(people(sara).locator('.name')).toHaveText(['سارا']);
      await say(sara, `پس از ${reload}.`);
      ali = await ali.again();
      await expect(people(sara).locator('.name')).toHaveText(['سارا', 'علی']);
    }
    await sara.clock.fastForward(LONG_MS);
    // Nothing was shown, not even for a moment.
    await expect(comings(sara)).toHaveText(['علی آمد']);
    expect((await rows()).comings).toEqual([]);
    ali.close();
  });

  test('a page that is loaded again and again is no line', async ({ server, somebody }) => {
    const sara = await somebody();
    await enterByLink(sara, server.url, 'pages', 'سارا');
    const ali = await somebody();
    await enterByLink(ali, server.url, 'pages', 'علی');
    for (let reload = 1; reload <= 5; reload++) {
      await say(sara, `پیش از ${reload}.`);
      await expect(message(sara, `پیش از ${reload}.`).getByText('فرستاده شد')).toBeAttached();
      await ali.goto('about:blank');
      await expect(people(sara).locator('.name')).toHaveText(['سارا']);
      await say(sara, `پس از ${reload}.`);
      await expect(message(sara, `پس از ${reload}.`).getByText('فرستاده شد')).toBeAttached();
      await ali.goBack();
      await joined(ali);
    }
    await expect(people(sara).locator('.name')).toHaveText(['سارا', 'علی']);
    await expect(comings(sara)).toHaveText(['علی آمد']);
    await expect(comings(ali)).toHaveCount(0);
  });

  test('a slow return takes the leaving back', async ({ server, somebody }) => {
    const sara = await somebody();
    await enterByLink(sara, server.url, 'slow', 'سارا');
    const ali = await Member.join(server.url, 'slow', 'علی');
    await say(sara, 'یک');
    await expect(message(sara, 'یک')).toBeVisible();
    await ali.reload();
    await expect(comings(sara)).toHaveText(['علی آمد', 'علی رفت']);
    await say(sara, 'دو');
    await expect(message(sara, 'دو')).toBeVisible();
    const back = await ali.again();
    await expect(comings(sara)).toHaveText(['علی آمد']);
    await expect(message(sara, 'دو')).toHaveCount(1);
    back.close();
  });

  test('a phone whose connection comes and goes is no line', async ({ server, somebody }) => {
    const sara = await somebody();
    await sara.clock.install();
    await enterByLink(sara, server.url, 'flaky', 'سارا');
    let ali = await Member.join(server.url, 'flaky', 'علی');
    for (let cut = 1; cut <= 5; cut++) {
      await say(sara, `پیام ${cut}.`);
      ali.vanish();
      await expect(people(sara).locator('[data-away]')).toHaveCount(1);
      ali = await ali.again();
      await expect(people(sara).locator('[data-away]')).toHaveCount(0);
    }
    await sara.clock.fastForward(LONG_MS);
    await expect(comings(sara)).toHaveText(['علی آمد']);
    ali.close();
  });

  test('whoever takes the name of one who left is told', async ({ server, somebody }) => {
    const sara = await somebody();
    await enterByLink(sara, server.url, 'thief', 'سارا');
    const ali = await Member.join(server.url, 'thief', 'علی');
    await say(sara, 'سلام');
    await expect(message(sara, 'سلام')).toBeVisible();
    await ali.reload();
    const other = await Member.join(server.url, 'thief', 'علی');
    await expect(comings(sara).last()).toHaveText('علی آمدعلی رفت');
    other.close();
  });
});

test.describe('a row that gathers', () => {
  test.use({ serverOptions: TALKATIVE });

  test('a class that opens at once is one short row', async ({ server, somebody }) => {
    const sara = await somebody();
    await enterByLink(sara, server.url, 'class', 'آموزگار');
    const join = (n: number) => Member.join(server.url, 'class', `شاگرد ${n}`);
    const members: Member[] = [];
    for (let n = 1; n <= 5; n++) members.push(await join(n));
    await expect(comings(sara)).toHaveText('شاگرد 1، شاگرد 2 و ۳ نفر دیگر آمدند');

    // One more costs the same among many as among few.
    const rows = await watchRows(sara);
    const cost = async (from: number, to: number) => {
      const before = (await rows()).nodes;
      for (let n = from; n <= to; n++) {
        members.push(await join(n));
        await expect(comings(sara)).toContainText(`${(n - 2).toLocaleString('fa-IR')} نفر دیگر`);
      }
      return ((await rows()).nodes - before) / (to - from + 1);
    };
    const amongFew = await cost(6, 10);
    members.push(...(await Promise.all(Array.from({ length: 110 }, (_, n) => join(n + 11)))));
    await expect(comings(sara)).toContainText('۱۱۸ نفر دیگر آمدند');
    expect(await cost(121, 125)).toBe(amongFew);
    await expect(comings(sara)).toHaveText('شاگرد 1، شاگرد 2 و ۱۲۳ نفر دیگر آمدند');

    // And so they go.
    await Promise.all(members.map((member) => member.reload()));
    await expect(subtitle(sara)).toHaveText('فقط شما این‌جا هستید');
    await expect(comings(sara)).toHaveText(/آمدند.*رفتند/);
    expect(await log(sara).locator('.comings *').count()).toBeLessThan(10);
  });

  test('nine names a second stay one sentence and cost little', async ({ server, somebody }) => {
    const sara = await somebody();
    await enterByLink(sara, server.url, 'vandal', 'سارا');
    const vandal = await Member.join(server.url, 'vandal', 'v0');
    await say(sara, 'سلام');
    await expect(message(sara, 'سلام').getByText('فرستاده شد')).toBeAttached();
    const rows = await watchRows(sara);
    const RENAMES = 1_000;
    for (let n = 1; n <= RENAMES; n++) {
      vandal.send({ type: 'rename', name: `v${n}` });
      if (n % 50 === 0) await vandal.hears((msg) => msg.changed?.[0].name === `v${n}`);
    }
    await expect(people(sara).locator('.name').last()).toHaveText(`v${RENAMES}`);
    await expect(comings(sara).last()).toHaveText(`v0 نامش را به v${RENAMES} تغییر داد`);
    await expect(log(sara).locator('.comings').last().locator('span')).toHaveCount(1);
    const { nodes, times } = await rows();
    expect(times).toBeLessThan(20);
    expect(nodes).toBeLessThan(20 * 10);

    // Back to the first is nothing.
    vandal.send({ type: 'rename', name: 'v0' });
    await expect(comings(sara)).toHaveText(['v0 آمد']);
    vandal.close();
  });

  test('however much comes is drawn once a frame', async ({ server, somebody }) => {
    const sara = await somebody();
    await enterByLink(sara, server.url, 'flood', 'سارا');
    const ali = await Member.join(server.url, 'flood', 'علی');
    await expect(comings(sara)).toHaveText('علی آمد');
    const rows = await watchRows(sara);
    const begun = performance.now();
    for (let n = 1; n <= 600; n++) ali.say(`پیام ${n}.`);
    await expect(message(sara, 'پیام 600.')).toBeVisible();
    const frames = (performance.now() - begun) / 16;
    expect((await rows()).times).toBeLessThanOrEqual(Math.min(frames, 300) + 2);
    ali.close();
  });

  test('a crowd that types is a few words', async ({ server, somebody }) => {
    const sara = await somebody();
    await enterByLink(sara, server.url, 'typists', 'سارا');
    const members = await Promise.all(Array.from({ length: 40 }, (_, n) => Member.join(server.url, 'typists', `t${n}`)));
    for (const member of members) member.send({ type: 'typing' });
    await expect(sara.locator('#who-types')).toHaveText('چند نفر می‌نویسند…');
    for (const member of members) member.close();
  });
});

test.describe('a translated page', () => {
  // Chromium itself prints that a server is gone.
  test.use({ expectedComplaints: [/WebSocket connection to .* failed/] });

  test('what lives goes on living', async ({ server, somebody }) => {
    const sara = await somebody();
    await enterByLink(sara, server.url, 'translated', 'سارا');
    await expect(sara.locator('.round-trip')).toHaveText(/ثانیه/);
    await translate(sara);
    await expect(log(sara).locator('font').first()).toBeAttached();

    // People.
    const ali = await Member.join(server.url, 'translated', 'علی');
    await expect(subtitle(sara)).toHaveText('۲ نفر این‌جا هستند');
    await expect(sara.locator('#people h2')).toHaveText('۲ نفر این‌جا هستند');
    await expect(comings(sara)).toHaveText('علی آمد');
    await Member.join(server.url, 'translated', 'رضا');
    await expect(comings(sara)).toHaveText('علی و رضا آمدند');
    await expect(subtitle(sara)).toHaveText('۳ نفر این‌جا هستند');
    ali.send({ type: 'typing' });
    await expect(sara.locator('#who-types')).toHaveText('علی می‌نویسد…');

    // Messages, one's own too.
    await say(sara, 'سلام');
    await expect(message(sara, 'سلام').getByText('فرستاده شد')).toBeAttached();
    await ali.says('سلام سارا');
    await expect(message(sara, 'سلام سارا')).toBeVisible();
    await expect(invitation(sara)).toBeHidden();

    // What is unread.
    for (let n = 1; n <= 40; n++) ali.say(`پیام ${n}.`);
    await expect(message(sara, 'پیام 40.')).toBeVisible();
    await log(sara).hover();
    await sara.mouse.wheel(0, -600);
    // What comes before the reader has left the end is not new.
    await expect(sara.locator('.newer')).toBeVisible();
    await ali.says('تازه');
    await expect(sara.locator('.newer')).toHaveText('۱ پیام تازه');
    await ali.says('تازه‌تر');
    await expect(sara.locator('.newer')).toHaveText('۲ پیام تازه');
    await expect(sara.locator('.newer svg')).toBeVisible();

    // Days.
    await sara.clock.setFixedTime(Date.now() + DAY_MS);
    await expect(day(sara)).toHaveText('دیروز');

    // The connection.
    await server.kill();
    await expect(status(sara)).toHaveText('قطع شد');
    await expect(sara.locator('.round-trip')).toHaveText('');
    const countdown = sara.locator('.countdown');
    await expect(countdown).toHaveText(/تلاش دوباره تا/);
    await server.restart();
    await joined(sara);
    await expect(subtitle(sara)).toHaveText('فقط شما این‌جا هستید');
  });

  test('names and what is typed are not translated', async ({ server, somebody }) => {
    const sara = await somebody();
    await enterByLink(sara, server.url, 'translated', 'امید');
    const ali = await Member.join(server.url, 'translated', 'آرزو');
    await ali.says('سلام');
    await expect(message(sara, 'سلام')).toBeVisible();
    await translate(sara);
    await ali.says('باز هم');
    await expect(message(sara, 'باز هم')).toBeVisible();
    await expect(sara.locator('bdi font')).toHaveCount(0);
    await expect(sara.locator('bdi', { hasText: 'آرزو' }).first()).toBeAttached();
    await composer(sara).fill('پیش‌نویس');
    await expect(composer(sara)).toHaveValue('پیش‌نویس');
    ali.close();
  });
});
