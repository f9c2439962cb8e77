// How smooth the stage of a class is, and how soon phones follow it, with thirty generated members: two lines, made
// by hand with `npx playwright test --config bench.config.ts class.bench.ts`. Nothing here can fail.
import { watchFrames } from './fixtures/frames.ts';
import { Member } from './fixtures/member.ts';
import { test } from './fixtures/test.ts';
import { enterByLink } from './room.ts';

const PHONES = 30;
const TURNS = 60;
const ROOM = 'class';

test.use({ serverOptions: ['--room', ROOM, '--demo', String(PHONES)], expectedComplaints: [/./] });

const percentile = (values: number[], share: number) => values.toSorted((one, other) => one - other)[Math.floor(values.length * share)]!;

test('a stage that is turned before thirty members', async ({ browser, server, page, somebody }) => {
  const key = server.output.match(/#key=([0-9a-f]{64})/)![1]!;
  await page.setViewportSize({ width: 1920, height: 1080 });
  await page.goto(`${server.url}/class/${ROOM}#key=${key}`);
  await page.locator('.class-stage[data-class="teacher"]').waitFor();
  const phone = await somebody({ viewport: { width: 390, height: 844 } });
  await enterByLink(phone, server.url, ROOM, 'گوشی');
  // Bare members, who note when they heard of each turn.
  const members = await Promise.all(Array.from({ length: PHONES }, (_, n) => Member.join(server.url, ROOM, `م${n}`)));
  const delays: number[] = [];
  const drawn: number[] = [];
  const frames = await watchFrames(browser, page, async () => {
    for (let turn = 0; turn < TURNS; turn++) {
      const before = members.map((member) => member.heard.filter(({ type }) => type === 'stage').length);
      const title = await phone.locator('#class-strip strong').textContent();
      const at = performance.now();
      const slide = (await page.locator('.class-stage').getAttribute('data-slide'))!;
      await page.keyboard.press('PageDown');
      await Promise.all(
        members.map(async (member, n) => {
          while (member.heard.filter(({ type }) => type === 'stage').length === before[n]) await new Promise(setImmediate);
          delays.push(performance.now() - at);
        }),
      );
      if ((await page.locator('.class-stage').getAttribute('data-slide')) !== slide) {
        while ((await phone.locator('#class-strip strong').textContent()) === title) await phone.waitForTimeout(1);
        drawn.push(performance.now() - at);
      }
      // Backwards from the end.
      if ((await page.locator('.class-stage').getAttribute('data-slide')) === '15') await page.keyboard.press('Home');
      await page.waitForTimeout(400);
    }
  });
  const ms = (value: number) => value.toFixed(1);
  console.log(`stage: ${frames.count} frames, p50 ${ms(frames.interval.p50)}, p99 ${ms(frames.interval.p99)}, max ${ms(frames.interval.max)} ms; ${frames.dropped} left out; CPU of a frame p99 ${ms(frames.cpu.p99)} ms`);
  console.log(`members: ${delays.length} turns heard, p50 ${ms(percentile(delays, 0.5))}, p99 ${ms(percentile(delays, 0.99))} ms from the key`);
  console.log(`a phone's page: ${drawn.length} turns drawn, p50 ${ms(percentile(drawn, 0.5))}, p99 ${ms(percentile(drawn, 0.99))} ms from the key`);
  for (const member of members) member.close();
});
