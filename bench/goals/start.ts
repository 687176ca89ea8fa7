/** How long the command line takes before its first network call. @module */

import { clocked, seconds } from "./clock.ts";
import type { Goal, Study } from "./goal.ts";
import { watched } from "./program.ts";
import { openScratch } from "./scratch.ts";

const config = new URL("../../deno.json", import.meta.url).pathname;

/** The time to the first event after the self-check of the entry, which is its first network call. */
export const start: Study = {
  name: "start",
  about: "time of the command line to its first network call, against importing ONNX Runtime",
  async *measure(_, signal): AsyncGenerator<Goal> {
    await using scratch = await openScratch();
    const path = await scratch.photograph("source.png", 16, 16);
    const out = scratch.path("large.png");
    let begun = Infinity;
    const took = await clocked({
      runtime: () => importRuntime(signal),
      program: async () => {
        const { events } = await watched(["--quiet", path, "-o", out], signal);
        begun = Math.min(begun, events.find(({ event }) => event === "start")!.at);
      },
    }, signal);
    const note = `ONNX Runtime ${seconds(took.runtime)}, first call ${seconds(begun)}`;
    const value = begun / took.runtime;
    yield { what: "start to first network call : import", value, goal: { most: 1.5 }, note };
  },
};

async function importRuntime(signal: AbortSignal): Promise<void> {
  const code = `await import("onnxruntime-node")`;
  await new Deno.Command(Deno.execPath(), { args: ["eval", "--config", config, code], signal })
    .output();
}
