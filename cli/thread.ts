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
import { Threads, type Wish } from "./threads.ts";
import { discard } from "./unfinished.ts";

/** The work to do. */
export type Task =
  | { command: "upscale"; settings: Settings; program: string }
  | { command: "generate"; settings: GenerateSettings; program: string };

/** Messages to the thread. */
export type Order =
  | { kind: "ready"; command: Task["command"] }
  | { kind: "run"; task: Task }
  | { kind: "stop" }
  | { kind: "broken"; id: number; message: string };

/** Messages from the thread: events, the files that it is writing, threads that it needs, and finally the exit code. */
export type Word =
  | { kind: "event"; event: Event }
  | { kind: "unfinished"; paths: readonly string[] }
  | Wish
  | { kind: "end"; code: number };

/** A thread that loads the modules of a command before its task is known. */
export interface ReadyThread {
  /** The thread. */
  readonly worker: Worker;
  /** Rejects if the thread fails. */
  readonly broken: Promise<never>;
}

/** Starts the thread of a command. */
export function readyThread(command: Task["command"]): ReadyThread {
  const worker = new Worker(new URL("./thread_worker.ts", import.meta.url), { type: "module" });
  const { promise: broken, reject } = Promise.withResolvers<never>();
  broken.catch(() => {}); // the thread may never get a task
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event.message));
  };
  worker.postMessage({ kind: "ready", command } satisfies Order);
  return { worker, broken };
}

/**
 * Does the work and returns the exit code. A signal ends it and removes unfinished files.
 *
 * @param ready The thread, if it was started before.
 * @throws What `report` throws, such as a broken pipe: then the work ends and unfinished files are removed.
 */
export async function runTask(
  task: Task,
  report: Reporter,
  ready: ReadyThread = readyThread(task.command),
): Promise<number> {
  const work = startWork(task, report, ready);
  const stop = () => {
    discard(work.unfinished());
    try {
      report({ event: "error", message: "interrupted: all written files are complete" });
    } catch {
      // Nobody reads it.
    }
    return exitCodes.interrupted;
  };
  watchSignals(() => work.stop(), () => Deno.exit(stop()));
  const code = await work.end.catch((error) => {
    discard(work.unfinished());
    throw error;
  });
  return code === exitCodes.interrupted ? stop() : code;
}

/** Work in progress. */
interface Work {
  /** The exit code, when the work has ended. */
  readonly end: Promise<number>;
  /** Asks the work to end within one tile. */
  stop(): void;
  /** The unfinished files. */
  unfinished(): readonly string[];
}

function startWork(task: Task, report: Reporter, { worker, broken }: ReadyThread): Work {
  const { promise: end, resolve, reject } = Promise.withResolvers<number>();
  const threads = new Threads();
  let unfinished: readonly string[] = [];
  worker.onmessage = ({ data }: MessageEvent<Word>) => {
    if (data.kind === "event") {
      try {
        report(data.event);
      } catch (error) {
        reject(error);
      }
    } else if (data.kind === "unfinished") unfinished = data.paths;
    else if (data.kind === "end") resolve(data.code);
    else threads.grant(data, (id, message) => tell({ kind: "broken", id, message }));
  };
  broken.catch(reject);
  const tell = (order: Order) => worker.postMessage(order);
  tell({ kind: "run", task });
  return { end, stop: () => tell({ kind: "stop" }), unfinished: () => unfinished };
}
