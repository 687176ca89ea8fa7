/** How much threads speed up WebAssembly. @module */

import { load } from "../../mod.ts";
import { clocked, seconds } from "./clock.ts";
import type { Goal, Study } from "./goal.ts";
import { photograph } from "./photograph.ts";

/** One thread against two. */
export const threads: Study = {
  name: "threads",
  about: "time of one thread of WebAssembly against two",
  async *measure(_, signal): AsyncGenerator<Goal> {
    if (navigator.hardwareConcurrency < 2) return;
    await using one = await load("regression", { provider: "wasm", threads: 1 });
    await using two = await load("regression", { provider: "wasm", threads: 2 });
    const source = await photograph(160, 120);
    const took = await clocked({
      one: () => one.upscale(source),
      two: () => two.upscale(source),
    }, signal);
    yield {
      what: "regression 160x120, wasm: one thread : two",
      value: took.one / took.two,
      goal: { least: 1.6 },
      note: `${seconds(took.one)}, ${seconds(took.two)}`,
    };
  },
};
