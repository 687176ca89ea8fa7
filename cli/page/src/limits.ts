/** What browsers can hold and draw. @module */

import type { Size } from "./viewport.ts";

/** Pixels of a result above which the page warns, and shows the photograph stretched until the result is there. */
export const LARGE = 64e6;
/** Longest side of a canvas. */
const LONGEST = 16384;
/** Most pixels of a canvas. */
const MOST = 256e6;

/** Whether a browser's canvas can be so large. */
export function fits({ width, height }: Size): boolean {
  return width <= LONGEST && height <= LONGEST && width * height <= MOST;
}

/**
 * Refuses a photograph that no canvas can hold.
 *
 * @throws {Error} If it is too large.
 */
export function checkFits(size: Size): void {
  if (fits(size)) return;
  throw new Error(
    `Cannot show a photograph of ${size.width} × ${size.height}: browsers draw at most ${LONGEST} ` +
      `pixels a side and ${MOST / 1e6} million in all. Cut it, or use the command line`,
  );
}
