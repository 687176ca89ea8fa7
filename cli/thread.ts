/**
 * The work of a command on a thread of its own, so that the main thread answers signals at any moment: decoding,
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

/** What is to be done. */
export type Task =
  | { command: "upscale"; settings: Settings; program: string }
  | { command: "generate"; settings: GenerateSettings; program: string };

/** What the thread is told. */
export type Order = { kind: "run"; task: Task } | { kind: "stop" };

/** What it tells: events, the files that it has begun to write, and the exit code in the end. */
export type Word =
  | { kind: "event"; event: Event }
  | { kind: "unfinished"; paths: readonly string[] }
  | { kind: "end"; code: number };

/** Does the work; returns the exit code. A signal ends it, and removes what is not finished. */
export async function runTask(task: Task, report: Reporter): Promise<number> {
  const thread = startThread(task, report);
  const stop = () => {
    discard(thread.unfinished());
    report({ event: "error", message: "interrupted: what is written is whole" });
    return exitCodes.interrupted;
  };
  watchSignals(() => thread.stop(), () => Deno.exit(stop()));
  const code = await thread.end;
  return code === exitCodes.interrupted ? stop() : code;
}

/** Work that is going on. */
interface Thread {
  /** The exit code, once there is one. */
  readonly end: Promise<number>;
  /** Asks it to end within a tile. */
  stop(): void;
  /** The files that are not finished. */
  unfinished(): readonly string[];
}

function startThread(task: Task, report: Reporter): Thread {
  const worker = new Worker(new URL("./thread_worker.ts", import.meta.url), { type: "module" });
  const { promise: end, resolve, reject } = Promise.withResolvers<number>();
  let unfinished: readonly string[] = [];
  worker.onmessage = ({ data }: MessageEvent<Word>) => {
    if (data.kind === "event") report(data.event);
    else if (data.kind === "unfinished") unfinished = data.paths;
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
