// What a person does in a room, in a few words, for the specs to read as stories.

import { type Locator, type Page, expect } from '@playwright/test';

/** Goes through the front door: `/`, a name, a room, Enter. */
export async function enter(page: Page, url: string, room: string, name: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel('نام شما').fill(name);
  await page.getByLabel('نام اتاق').fill(room);
  await page.getByRole('button', { name: 'ورود به اتاق' }).click();
  await joined(page);
}

/** Comes by a link, where only the name is asked. */
export async function enterByLink(page: Page, url: string, room: string, name: string): Promise<void> {
  await page.goto(`${url}/r/${encodeURIComponent(room)}`);
  await page.getByLabel('نام شما').fill(name);
  await page.getByRole('button', { name: 'ورود به اتاق' }).click();
  await joined(page);
}

/** The page says it is connected. */
export async function joined(page: Page): Promise<void> {
  await expect(status(page)).toHaveText('وصل');
}

/** The connection's state, as a screen reader gets it. */
export const status = (page: Page): Locator => page.locator('.link-state [role=status]');

/** Where one writes. */
export const composer = (page: Page): Locator => page.getByLabel('متن پیام');

/** The conversation. */
export const log = (page: Page): Locator => page.getByRole('log');

/** The messages that hold this text. */
export const message = (page: Page, text: string): Locator => log(page).locator('.message', { hasText: text });

/** The list of people. */
export const people = (page: Page): Locator => page.locator('#people .roster');

/** Writes something and presses Enter. */
export async function say(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press('Enter');
}
