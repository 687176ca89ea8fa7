/** Loads the tiny entries and compares their images. @module */

import { expect } from "expect";
import type { Image } from "../lib/image/image.ts";
import { load } from "../lib/load.ts";
import type { Upscaler } from "../lib/upscaler.ts";
import { largestDifference } from "./_difference.ts";
import { readTiny } from "./contracts/family.ts";

/** Loads a tiny entry on one CPU thread, in this thread or in a worker. */
export async function loadTiny(id: string, worker = false): Promise<Upscaler> {
  const { folder } = await readTiny(id);
  return await load(new URL("model.yml", folder), { provider: "native", threads: 1, worker });
}

/** Largest difference between two images' bytes, 0 to 255; fails if their sizes differ. */
export function apart(a: Image, b: Image): number {
  expect([a.width, a.height]).toEqual([b.width, b.height]);
  return largestDifference(a.data, b.data);
}
