/** The thread that does the work of a run. @module */

import { runBatch } from "./batch.ts";
import { described } from "./errors.ts";
import { exitCodes } from "./exit_codes.ts";
import { type Settings, UsageError } from "./settings.ts";
import type { Order, Word } from "./thread.ts";
import { openWriter } from "./writer.ts";

const thread = self as unknown as {
  postMessage(word: Word): void;
  onmessage: (message: MessageEvent<Order>) => void;
};
const interrupt = new AbortController();

thread.onmessage = async ({ data }) => {
  if (data.kind === "stop") return interrupt.abort();
  thread.postMessage({ kind: "end", code: await run(data.settings, data.program) });
};

async function run(settings: Settings, program: string): Promise<number> {
  try {
    const failed = await runBatch({
      settings,
      report: (event) => thread.postMessage({ kind: "event", event }),
      signal: interrupt.signal,
      program,
      openWriter: (inputs) =>
        openWriter(inputs, (paths) => thread.postMessage({ kind: "unfinished", paths })),
    });
    return failed > 0 ? exitCodes.someFailed : exitCodes.done;
  } catch (error) {
    if (interrupt.signal.aborted) return exitCodes.interrupted;
    if (error instanceof Deno.errors.BrokenPipe) return exitCodes.someFailed;
    const event = { event: "error", ...described(error, undefined, settings.debug) } as const;
    thread.postMessage({ kind: "event", event });
    return error instanceof UsageError ? exitCodes.wrongUsage : exitCodes.someFailed;
  }
}
