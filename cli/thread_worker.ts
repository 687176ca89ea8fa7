/** The thread that does the work of a command. @module */

import { described } from "./errors.ts";
import { exitCodes } from "./exit_codes.ts";
import { UsageError } from "./settings.ts";
import type { Order, Task, Word } from "./thread.ts";
import { openWriter } from "./writer.ts";

const thread = self as unknown as {
  postMessage(word: Word): void;
  onmessage: (message: MessageEvent<Order>) => void;
};
const interrupt = new AbortController();

thread.onmessage = async ({ data }) => {
  if (data.kind === "stop") return interrupt.abort();
  thread.postMessage({ kind: "end", code: await run(data.task) });
};

/** What all commands get. */
const desk = {
  signal: interrupt.signal,
  openWriter: (inputs: ReadonlySet<string>) =>
    openWriter(inputs, (paths) => thread.postMessage({ kind: "unfinished", paths })),
};

async function run(task: Task): Promise<number> {
  const { settings, program } = task;
  try {
    if (task.command === "generate") {
      const { generate } = await import("./generation.ts");
      await generate(task.settings, { ...desk, program });
      return exitCodes.done;
    }
    const { runBatch } = await import("./batch.ts");
    const failed = await runBatch({
      ...desk,
      settings: task.settings,
      report: (event) => thread.postMessage({ kind: "event", event }),
      program,
    });
    return failed > 0 ? exitCodes.someFailed : exitCodes.done;
  } catch (error) {
    if (interrupt.signal.aborted) return exitCodes.interrupted;
    if (error instanceof Deno.errors.BrokenPipe) return exitCodes.someFailed;
    const debug = "debug" in settings && settings.debug;
    const event = { event: "error", ...described(error, undefined, debug) } as const;
    thread.postMessage({ kind: "event", event });
    return error instanceof UsageError ? exitCodes.wrongUsage : exitCodes.someFailed;
  }
}
