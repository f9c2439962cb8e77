// The slides: fifteen, readable without a program, on paper one to a page, by keys as a clicker sends them.
import AxeBuilder from '@axe-core/playwright';

import { expect, test } from './fixtures/test.ts';

// Chromium asks for it again with each new address.
test.use({ expectedComplaints: [/ERR_INTERNET_DISCONNECTED .*favicon/] });

const COUNT = 15;
const pages = (pdf: Buffer) => pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length;

test('all slides are there without JavaScript', async ({ browser, server }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${server.url}/slides`);
  await expect(page.locator('.slide')).toHaveCount(COUNT);
  await expect(page.locator('.slide svg.picture')).toHaveCount(6);
  for (const slide of await page.locator('.slide').all()) {
    expect((await slide.innerText()).length).toBeGreaterThan(20);
  }
  await page.locator('.contents summary').click();
  await page.locator('.contents li a').nth(6).click();
  await expect(page.locator('.slide').nth(6)).toBeInViewport({ ratio: 0.9 });
  await context.close();
});

test('keys turn the pages, the next one being to the left', async ({ page, server }) => {
  await page.setViewportSize({ width: 1920, height: 1080 });
  await page.goto(`${server.url}/slides`);
  const current = page.locator('.slide[data-current]');
  await expect(current).toHaveAttribute('id', '1');
  for (const [key, id] of [
    ['ArrowLeft', '2'], ['PageDown', '3'], ['Space', '4'], ['ArrowRight', '3'], ['PageUp', '2'], ['End', '15'],
    ['PageDown', '15'], ['Home', '1'],
  ] as const) {
    await page.keyboard.press(key);
    await expect(current).toHaveAttribute('id', id);
    await expect(page.locator(`.slide[id="${id}"]`)).toBeInViewport({ ratio: 0.9 });
  }
  await page.keyboard.press('KeyO');
  await expect(page.locator('.slide').nth(9)).toBeInViewport();
  await page.locator('.slide').nth(9).click();
  await expect(current).toHaveAttribute('id', '10');
  expect(new URL(page.url()).hash).toBe('#10');
  await page.keyboard.press('KeyB');
  await expect(page.locator('.slides')).toHaveAttribute('data-blank', '');
  await page.keyboard.press('Escape');
  await expect(page.locator('.slides')).not.toHaveAttribute('data-blank', '');
});

test('every slide fits a projector, in letters of 28 px or more', async ({ page, server }) => {
  await page.setViewportSize({ width: 1920, height: 1080 });
  await page.goto(`${server.url}/slides`);
  const faults = await page.evaluate(() => {
    const faults: string[] = [];
    for (const slide of document.querySelectorAll<HTMLElement>('.slide')) {
      const face = slide.querySelector<HTMLElement>('.face')!;
      if (face.getBoundingClientRect().height > 1080.5) faults.push(`slide ${slide.id} is higher than the screen`);
      if (face.scrollWidth > face.clientWidth) faults.push(`slide ${slide.id} is wider than the screen`);
      for (const element of slide.querySelectorAll<HTMLElement | SVGElement>('*')) {
        const isText = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
        if (!isText || element.closest('title, desc') || getComputedStyle(element).fill === 'none') continue;
        const picture = element.closest('svg');
        const scale = picture ? picture.getBoundingClientRect().width / picture.viewBox.baseVal.width : 1;
        const size = parseFloat(getComputedStyle(element).fontSize) * scale;
        if (size < 27.9) faults.push(`slide ${slide.id}: ${size.toFixed(1)} px: ${element.textContent}`);
      }
    }
    return faults;
  });
  expect(faults).toEqual([]);
});

test('on paper a slide is a page, and a handout has two with notes', async ({ page, server }) => {
  const print = async (path: string) => {
    await page.goto(server.url + path);
    return pages(await page.pdf({ preferCSSPageSize: true, printBackground: true }));
  };
  expect(await print('/slides')).toBe(COUNT);
  expect(await print('/slides?handout')).toBe(Math.ceil(COUNT / 2));
  await expect(page.locator('.notes')).toHaveCount(COUNT);
});

test('without a network the loaded slides still turn', async ({ page, server, context }) => {
  await page.goto(`${server.url}/slides`);
  await context.setOffline(true);
  await page.keyboard.press('End');
  await expect(page.locator('.slide').last()).toBeInViewport({ ratio: 0.5 });
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`nothing on the slides stands in anybody's way, ${colorScheme}`, async ({ server, somebody }) => {
    const page = await somebody({ colorScheme });
    for (const path of ['/slides', '/slides?handout']) {
      await page.goto(server.url + path);
      const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag22aa', 'best-practice']).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`), path).toEqual([]);
    }
  });
}
