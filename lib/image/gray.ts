/** Images without colour. @module */

import type { Image } from "./image.ts";

/** Whether red, green and blue of every visible pixel are equal. */
export function hasGrayOnly({ data }: Image): boolean {
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] > 0 && (data[i] !== data[i + 1] || data[i] !== data[i + 2])) return false;
  }
  return true;
}
