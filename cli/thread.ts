/**
 * Runs the work of a command on its own thread, so that the main thread can react to signals at any time: decoding,
 * resizing, sampling and encoding can each keep a thread busy for seconds.
 *
 * @module
 */

import type { Event, Reporter } from "./events.ts";
import { exitCodes } from "./exit_codes.ts";
import type { GenerateSettings } from "./generation.ts";
import type { Settings } from "./settings.ts";
import { watchSignals } from "./signals.ts";
import { discard } from "./unfinished.ts";

/** The work to do. */
export type Task =
  | { command: "upscale"; settings: Settings; program: string }
  | { command: "generate"; settings: GenerateSettings; program: string };

/** Messages to the thread. */
export type Order = { kind: "run"; task: Task } | { kind: "stop" };

/** Messages from the thread: events, the files that it is writing, and finally the exit code. */
export type Word =
  | { kind: "event"; event: Event }
  | { kind: "unfinished"; paths: readonly string[] }
  | { kind: "end"; code: number };

/**
 * Does the work and returns the exit code. A signal ends it and removes unfinished files.
 *
 * @throws What `report` throws, such as a broken pipe: then the work ends and unfinished files are removed.
 */
export async function runTask(task: Task, report: Reporter): Promise<number> {
  const thread = startThread(task, report);
  const stop = () => {
    discard(thread.unfinished());
    try {
      report({ event: "error", message: "interrupted: all written files are complete" });
    } catch {
      // Nobody reads it.
    }
    return exitCodes.interrupted;
  };
  watchSignals(() => thread.stop(), () => Deno.exit(stop()));
  const code = await thread.end.catch((error) => {
    discard(thread.unfinished());
    throw error;
  });
  return code === exitCodes.interrupted ? stop() : code;
}

/** Work in progress. */
interface Thread {
  /** The exit code, when the work has ended. */
  readonly end: Promise<number>;
  /** Asks the work to end within one tile. */
  stop(): void;
  /** The unfinished files. */
  unfinished(): readonly string[];
}

function startThread(task: Task, report: Reporter): Thread {
  const worker = new Worker(new URL("./thread_worker.ts", import.meta.url), { type: "module" });
  const { promise: end, resolve, reject } = Promise.withResolvers<number>();
  let unfinished: readonly string[] = [];
  worker.onmessage = ({ data }: MessageEvent<Word>) => {
    if (data.kind === "event") {
      try {
        report(data.event);
      } catch (error) {
        reject(error);
      }
    } else if (data.kind === "unfinished") unfinished = data.paths;
    else resolve(data.code);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event.message));
  };
  const tell = (order: Order) => worker.postMessage(order);
  tell({ kind: "run", task });
  return { end, stop: () => tell({ kind: "stop" }), unfinished: () => unfinished };
}
