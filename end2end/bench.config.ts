// Benchmarks, run by hand: `npm run bench`. One at a time, alone with the machine, and without the
// recording that helps to find out why a test failed.
import { defineConfig } from '@playwright/test';
import tests from './playwright.config.ts';

export default defineConfig({
  ...tests,
  testMatch: '*.bench.ts',
  workers: 1,
  timeout: 0,
  reporter: 'dot',
  use: { ...tests.use, trace: 'off' },
});
