/** Touch gestures on a page: Playwright has only taps, Chromium's protocol any touch. @module */

import type { Page } from "playwright-core";

/** A place in the window, in CSS pixels. */
export interface Place {
  x: number;
  y: number;
}

/** Number of moves of a gesture. */
const MOVES = 6;
/** Milliseconds that the fingers rest at its end. */
const REST = 150;

/** Moves fingers at the same time, each from one place to another. */
export async function swipe(page: Page, ...fingers: [from: Place, to: Place][]): Promise<void> {
  const devTools = await page.context().newCDPSession(page);
  const send = (type: "touchStart" | "touchMove" | "touchEnd", touchPoints: Place[]) =>
    devTools.send("Input.dispatchTouchEvent", { type, touchPoints });
  for (let i = 0; i <= MOVES; i++) {
    const places = fingers.map(([from, to]) => ({
      x: from.x + i / MOVES * (to.x - from.x),
      y: from.y + i / MOVES * (to.y - from.y),
    }));
    await send(i === 0 ? "touchStart" : "touchMove", places);
  }
  // The fingers rest before they lift, since the page would keep scrolling otherwise.
  await page.waitForTimeout(REST);
  await send("touchEnd", []);
  // Chromium passes moves to the page with its next frame.
  await page.evaluate(() => new Promise((frame) => requestAnimationFrame(frame)));
  await devTools.detach();
}
