/** The time of int8 entries against that of UpscalerJS. @module */

import { load } from "../../mod.ts";
import { measureUpscalerjs } from "../peers/upscalerjs.ts";
import { clocked, seconds } from "./clock.ts";
import type { Goal, Study } from "./goal.ts";
import { photograph } from "./photograph.ts";

/** Entries, sizes of the source, and the share of the peer's time that they may take. */
const CASES = [
  { id: "srdiff", width: 320, height: 240, most: 1 / 4 },
  { id: "srdiff", width: 128, height: 128, most: 1 / 3 },
  { id: "regression", width: 320, height: 240, most: 1 / 10 },
];

/** UpscalerJS' slim model on the wasm backend of tfjs, against the native provider in int8, in the same run. */
export const peer: Study = {
  name: "peer",
  about:
    "time of int8 entries (native, one step) against UpscalerJS' slim model (wasm, one thread)",
  async *measure({ upscalerjs }, signal): AsyncGenerator<Goal> {
    if (upscalerjs === undefined) return;
    for (const { id, width, height, most } of CASES) {
      await using upscaler = await load(id, { provider: "native", precision: "int8" });
      const options = upscaler.generative ? { seed: 0, steps: 1 } : {};
      const source = await photograph(width, height);
      const own = await clocked({ run: () => upscaler.upscale(source, options) }, signal);
      const size = { width, height };
      const other = await measureUpscalerjs(upscalerjs, "esrgan-slim", size, signal);
      yield {
        what: `${id} int8 ${width}x${height} : UpscalerJS slim`,
        value: own.run / other.steady,
        goal: { most },
        note: `${seconds(own.run)}, ${seconds(other.steady)}`,
      };
    }
  },
};
