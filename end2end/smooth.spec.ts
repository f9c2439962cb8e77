// A long conversation stays light: what a message costs the page does not depend on how many there
// are, and scrolling shows every one of them. How fast that is in milliseconds depends on the
// machine and is measured by hand (page.bench.ts).
import { Conversation, TALKATIVE } from './fixtures/conversation.ts';
import { mainThreadTime } from './fixtures/frames.ts';
import { expect, test } from './fixtures/test.ts';
import { enterByLink, log, message } from './room.ts';
import type { Page } from '@playwright/test';

/** As many as a page keeps. */
const MANY = 10_000;
const ROWS_MAX = 400;
/** How many times as much a message may cost among many. It costs about as much as among few. */
const RATIO_MAX = 2.5;
/** How many messages are weighed at a time. */
const SAMPLE = 300;

test.use({ serverOptions: TALKATIVE, trace: 'off' });

test('ten thousand messages are a few hundred rows, and one more costs what it costs among a hundred', async ({ server, somebody }) => {
  test.slow();
  const sara = await somebody();
  await enterByLink(sara, server.url, 'long', 'سارا');
  const talk = await Conversation.join(server.url, 'long');
  const rows = () => sara.locator('#timeline > li').count();
  const newer = sara.locator('.newer');
  const time = await mainThreadTime(sara);
  const weigh = async (heard: () => Promise<void>) => {
    const before = await time();
    await talk.talkUntil(talk.said + SAMPLE);
    await heard();
    return (await time()) - before;
  };
  const shown = () => message(sara, talk.newest).waitFor();

  await talk.talkUntil(100);
  await shown();
  const amongFew = await weigh(shown);

  await talk.talkUntil(MANY);
  await message(sara, talk.newest).waitFor({ timeout: 0 });
  expect(await rows(), 'rows at the end').toBeLessThanOrEqual(ROWS_MAX);
  expect(await weigh(shown), 'at the end, among many').toBeLessThan(RATIO_MAX * amongFew);

  for (let jump = 0; jump < 12; jump++) await scrollTo(sara, 0);
  expect(await rows(), 'rows further up').toBeLessThanOrEqual(ROWS_MAX);
  const above = await weigh(() => expect(newer).toContainText(persian(SAMPLE)));
  expect(await rows(), 'rows further up, when more has come').toBeLessThanOrEqual(ROWS_MAX);
  expect(above, 'further up, among many').toBeLessThan(RATIO_MAX * amongFew);

  await newer.click();
  await expect(message(sara, talk.newest)).toBeInViewport();
  expect(await rows(), 'rows at the end again').toBeLessThanOrEqual(ROWS_MAX);
  talk.leave();
});

test('scrolling shows every message, and never moves what one reads', async ({ server, somebody }) => {
  const sara = await somebody();
  await enterByLink(sara, server.url, 'all', 'سارا');
  // Chromium would hold the rows in place by itself; Safari does not.
  await log(sara).evaluate((scroller) => (scroller.style.overflowAnchor = 'none'));
  const talk = await Conversation.join(server.url, 'all');
  await talk.talkUntil(600);
  await message(sara, talk.newest).waitFor();

  const all = Array.from({ length: talk.said }, (_, at) => at + 1);
  expect(await readThrough(sara, -1), 'upwards').toEqual({ seen: all, jumped: 0 });
  await expect(log(sara).locator('.divider')).toBeInViewport();
  expect(await readThrough(sara, 1), 'downwards').toEqual({ seen: all, jumped: 0 });
  await expect(sara.locator('.newer')).toBeHidden();

  // Nothing that comes moves it either, until one is back at the end.
  await scrollTo(sara, 3_000);
  const top = () => log(sara).evaluate((scroller) => scroller.scrollTop);
  const before = await top();
  await talk.talkUntil(talk.said + 100);
  await expect(sara.locator('.newer')).toContainText(persian(100));
  expect(await top()).toBe(before);
  talk.leave();
});

/** Scrolls there, and lets the page draw what it then wants to. */
async function scrollTo(page: Page, top: number): Promise<void> {
  await log(page).evaluate(async (scroller, top) => {
    scroller.scrollTop = top;
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  }, top);
}

/**
 * Scrolls by nine tenths of a screen at a time until it goes no further. The numbers of all messages that
 * came into view, and how often what was in view was not where the scrolling alone had put it.
 */
async function readThrough(page: Page, direction: 1 | -1): Promise<{ seen: number[]; jumped: number }> {
  return log(page).evaluate(async (scroller, direction) => {
    const frame = () => new Promise(requestAnimationFrame);
    const { top, bottom, height } = scroller.getBoundingClientRect();
    const inView = () =>
      [...scroller.querySelectorAll('#timeline > li')].filter((row) => {
        const at = row.getBoundingClientRect();
        return at.bottom > top && at.top < bottom;
      });
    const seen = new Set<number>();
    let jumped = 0;
    for (;;) {
      const rows = inView();
      for (const row of rows) {
        const number = /#(\d+)/.exec(row.textContent!)?.[1];
        if (number) seen.add(Number(number));
      }
      const before = scroller.scrollTop;
      const row = rows[0]!;
      scroller.scrollTop += direction * height * 0.9;
      if (scroller.scrollTop === before) break;
      const placed = row.getBoundingClientRect().top;
      for (let frames = 0; frames < 2; frames++) await frame();
      if (Math.abs(row.getBoundingClientRect().top - placed) > 2) jumped++;
    }
    return { seen: [...seen].sort((one, other) => one - other), jumped };
  }, direction);
}

const persian = (number: number) => number.toLocaleString('fa-IR', { useGrouping: false });
