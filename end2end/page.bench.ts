// How smooth the page is with ten thousand messages: a table, made by hand with `npm run bench`.
// Nothing here can fail; what must hold on any machine is in smooth.spec.ts.
import type { CDPSession, Page } from '@playwright/test';
import { Conversation, TALKATIVE } from './fixtures/conversation.ts';
import { watchFrames, type Frames } from './fixtures/frames.ts';
import { test } from './fixtures/test.ts';
import { enterByLink, message } from './room.ts';

const MESSAGES = Number(process.env.OTAGH_BENCH_MESSAGES ?? 10_000);
const PER_SECOND = 50;
/** As long as each part is watched, in ms. */
const WATCHED = 10_000;
/** A hand that is in a hurry, in CSS pixels a second. */
const SCROLL_SPEED = 4_000;

test.use({ serverOptions: TALKATIVE });

test('the page, with many messages', async ({ browser, server, somebody }) => {
  const watch = async (what: string, page: Page, act: () => Promise<void>) => {
    const frames = await watchFrames(browser, page, act);
    console.log(row(what, frames, await page.locator('#timeline > li').count()));
  };
  console.log(HEAD);

  // What this machine does to a page with nothing on it.
  const empty = await somebody();
  await watch('an empty page', empty, () => empty.waitForTimeout(WATCHED));
  await empty.setContent('<div id="scroller" style="height: 80vh; overflow-y: scroll"><div style="height: 1000000px"></div></div>');
  const scrollEmpty = await scrolling(empty);
  await watch('an empty page, scrolled', empty, () => scrollEmpty(WATCHED));
  await empty.close();

  const page = await somebody();
  await enterByLink(page, server.url, 'bench', 'سارا');
  const conversation = await Conversation.join(server.url, 'bench');
  await conversation.talkUntil(MESSAGES);
  await message(page, conversation.newest).waitFor({ timeout: 0 });
  const scroll = await scrolling(page);

  await watch('nothing happens', page, () => page.waitForTimeout(WATCHED));
  await watch(`${PER_SECOND} a second arrive`, page, () =>
    conversation.talkDuring(PER_SECOND, () => page.waitForTimeout(WATCHED)),
  );
  await watch('scrolled', page, () => scroll(WATCHED));
  await watch('the same, and they arrive', page, () => conversation.talkDuring(PER_SECOND, () => scroll(WATCHED)));
  await watch('read further up, and they arrive', page, () =>
    conversation.talkDuring(PER_SECOND, () => page.waitForTimeout(WATCHED)),
  );
  conversation.leave();
});

/** Scrolls as a hand does, twice as far up as down. */
async function scrolling(page: Page): Promise<(ms: number) => Promise<void>> {
  const box = (await page.locator('#scroller').boundingBox())!;
  const devtools: CDPSession = await page.context().newCDPSession(page);
  const by = (yDistance: number) =>
    devtools.send('Input.synthesizeScrollGesture', {
      x: box.x + box.width / 2,
      y: box.y + box.height / 2,
      yDistance,
      speed: SCROLL_SPEED,
      preventFling: true,
      gestureSourceType: 'mouse',
    });
  return async (ms) => {
    const until = performance.now() + ms;
    while (performance.now() < until) {
      await by(SCROLL_SPEED);
      await by(-SCROLL_SPEED / 2);
    }
  };
}

const COLUMNS = ['', 'frames', 'dropped', 'interval p50', 'p99', 'max', 'work p50', 'p99', 'max', 'CPU p50', 'p99', 'max', 'rows'];
const HEAD = `| ${COLUMNS.join(' | ')} |\n|${COLUMNS.map((name) => (name ? '--:' : '---')).join('|')}|`;

function row(what: string, { count, dropped, interval, work, cpu }: Frames, drawn: number): string {
  const spreads = [interval, work, cpu].flatMap(({ p50, p99, max }) => [p50, p99, max]);
  return `| ${[what, count, dropped, ...spreads.map((ms) => ms.toFixed(1)), drawn].join(' | ')} |`;
}
