/** The memory that the command line takes. @module */

import { seconds } from "./clock.ts";
import type { Goal, Study } from "./goal.ts";
import { watched } from "./program.ts";
import { openScratch } from "./scratch.ts";

/** Sizes of the source, the most megabytes that the default entry may take, and whether it runs for minutes. */
const CASES = [
  { width: 320, height: 240, most: 450, isLarge: false },
  { width: 960, height: 540, most: 900, isLarge: false },
  { width: 4096, height: 16, most: 900, isLarge: false },
  { width: 16384, height: 16, most: 2500, isLarge: true },
  { width: 4000, height: 3000, most: 2500, isLarge: true },
];

/** Peak of resident memory of the whole process, from a PNG file to a PNG file. */
export const memory: Study = {
  name: "memory",
  about: "peak of resident memory of the command line, default entry, PNG to PNG",
  async *measure({ large }, signal): AsyncGenerator<Goal> {
    if (Deno.build.os !== "linux") return;
    await using scratch = await openScratch();
    const out = scratch.path("large.png");
    for (const { width, height, most, isLarge } of CASES) {
      if (isLarge && !large) continue;
      const path = await scratch.photograph("source.png", width, height);
      const { peak, took } = await watched(["--seed", "0", path, "-o", out], signal);
      yield {
        what: `peak, ${width}x${height} to ${4 * width}x${4 * height}`,
        value: peak / 1e6,
        unit: "MB",
        goal: { most },
        note: seconds(took),
      };
    }
    if (large) yield* ofManyImages(signal);
  },
};

/** Images of a folder, and their sizes. */
const COUNT = 1000, SIDE = 64;

/** Whether memory grows from image to image: V8's heaps reach their size within the first half of them, a leak would go on. */
async function* ofManyImages(signal: AbortSignal): AsyncGenerator<Goal> {
  await using scratch = await openScratch();
  const paths: string[] = [];
  for (let i = 0; i < COUNT; i++) paths.push(await scratch.photograph(`${i}.png`, SIDE, SIDE));
  const args = ["--model", "regression", "--out", scratch.path("out"), ...paths];
  const { events, took } = await watched(args, signal);
  const peaks = events.filter(({ event }) => event === "done").map(({ peak }) => peak / 1e6);
  const after = (count: number) => Math.max(...peaks.slice(0, count));
  const counts = [COUNT / 10, COUNT / 2, COUNT];
  yield {
    what: `peak, ${COUNT} images of ${SIDE}x${SIDE} : the first ${COUNT / 2} of them`,
    value: after(COUNT) / after(COUNT / 2),
    goal: { most: 1.1 },
    note: `${counts.map((count) => `${after(count).toFixed(0)} MB after ${count}`).join(", ")}; ${
      seconds(took)
    }, regression`,
  };
}
