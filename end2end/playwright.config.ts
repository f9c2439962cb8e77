// How the browser tests run. `cargo xtask test` finds Chromium and says where in CHROMIUM; a run
// by hand (`npx playwright test`) uses the same variable, or what Debian installs.
import { defineConfig, devices } from '@playwright/test';

const report = process.env.PLAYWRIGHT_JSON_OUTPUT_FILE;

export default defineConfig({
  testDir: '.',
  forbidOnly: !!process.env.CI,
  // A test that passes the second time is a test that failed.
  retries: 0,
  fullyParallel: true,
  // Each test starts a server and a browser of its own: on two cores two are enough.
  workers: 2,
  timeout: 30_000,
  expect: { timeout: 5_000 },
  reporter: report ? [['list'], ['json', { outputFile: report }]] : [['list']],
  use: {
    ...devices['Desktop Chrome'],
    locale: 'fa-IR',
    timezoneId: 'Asia/Tehran',
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        // Chromium refuses its sandbox to root.
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        // Names that are for tests (RFC 6761) lead here, so that a page can have another than this machine's.
        '--host-resolver-rules=MAP *.test 127.0.0.1',
        // Containers often have a tiny /dev/shm.
        '--disable-dev-shm-usage',
        // Nothing but the page under test goes to the network.
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-domain-reliability',
        '--disable-sync',
        '--no-default-browser-check',
        '--no-first-run',
        '--no-pings',
      ],
    },
  },
});
