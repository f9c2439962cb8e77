// The pipeline itself: the binary that xtask built starts, answers, and serves a page that the
// browser is content with.
import { expect, test } from './fixtures/test.ts';

test('the server is healthy', async ({ server, request }) => {
  const answer = await request.get(`${server.url}/healthz`);
  expect(answer.status()).toBe(200);
});

test('the home page has a title and no complaints', async ({ page }) => {
  await page.goto('/');
  await expect(page).toHaveTitle(/اتاق/);
});

test('the server comes back on the same port', async ({ server, request }) => {
  const before = server.url;
  await server.kill();
  await server.restart();
  expect(server.url).toBe(before);
  expect((await request.get(`${before}/healthz`)).status()).toBe(200);
});
