/** The thread that does the work of a command. @module */

import { letStart } from "../lib/thread.ts";
import { described } from "./errors.ts";
import { exitCodes } from "./exit_codes.ts";
import { UsageError } from "./usage_error.ts";
import { type StartForAnother, threadBy } from "./line.ts";
import type { Order, Task, Word } from "./thread.ts";
import { openWriter } from "./writer.ts";

const thread = self as unknown as {
  postMessage(word: Word, transfer?: MessagePort[]): void;
  onmessage: (message: MessageEvent<Order>) => void;
};
const interrupt = new AbortController();

thread.onmessage = async ({ data }) => {
  if (data.kind === "stop") return interrupt.abort();
  if (data.kind === "ready") return void modules[data.command]().catch(() => {}); // it fails again when it is run
  if (data.kind === "broken") return listeners[data.id](data.message);
  thread.postMessage({ kind: "end", code: await run(data.task) });
};

/** What to call when a thread that was started for this one fails, by its number. */
const listeners: ((message: string) => void)[] = [];

const start: StartForAnother = (script, port, onError) => {
  const id = listeners.push(onError) - 1;
  thread.postMessage({ kind: "start", id, script, port }, [port]);
  return () => thread.postMessage({ kind: "terminate", id });
};
letStart((script) => threadBy(start, script));

/** The modules of the commands; a run needs only one. */
const modules = {
  upscale: () => import("./batch.ts"),
  generate: () => import("./generation.ts"),
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
      const { generate } = await modules.generate();
      await generate(task.settings, { ...desk, program });
      return exitCodes.done;
    }
    const { runBatch } = await modules.upscale();
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
