/** How well the command line predicts how long an image takes. @module */

import { seconds } from "./clock.ts";
import type { Goal, Study } from "./goal.ts";
import { type Watched, watched } from "./program.ts";
import { openScratch } from "./scratch.ts";

/** Entries and sizes of the source. */
const CASES = [["regression", 320, 240], ["regression", 1024, 768], [
  "srdiff-photo",
  640,
  480,
]] as const;

/** Ratio of estimated and actual time, the larger over the smaller. */
export const estimates: Study = {
  name: "estimates",
  about: "estimated time, before and during the work, against the actual time",
  async *measure(_, signal): AsyncGenerator<Goal> {
    await using scratch = await openScratch();
    for (const [model, width, height] of CASES) {
      const path = await scratch.photograph("source.png", width, height);
      const args = ["--model", model, path, "-o", scratch.path("large.png")];
      yield* estimatesOf(`${model} ${width}x${height}`, await watched(args, signal));
    }
  },
};

/** The figures of one run. */
function* estimatesOf(what: string, { events }: Watched): Generator<Goal> {
  const plan = events.find((event) => event.event === "plan")!;
  const done = events.find((event) => event.event === "done")!;
  const goal = { most: 1.5 };
  const apart = (estimate: number) => Math.max(estimate / done.seconds, done.seconds / estimate);
  const note = `estimated ${seconds(1000 * plan.seconds)}, took ${seconds(1000 * done.seconds)}`;
  yield { what: `${what}: first estimate`, value: apart(plan.seconds), goal, note };
  for (const event of events) {
    if (event.event !== "progress" || event.fraction < 0.25 || event.fraction >= 1) continue;
    const spent = (event.at - plan.at) / 1000;
    const value = apart(spent + event.secondsLeft!);
    yield { what: `${what}: estimate after ${event.fraction.toFixed(2)}`, value, goal };
    return;
  }
}
