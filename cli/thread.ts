/**
 * The work of a run on a thread of its own, so that the main thread answers signals at any moment: decoding,
 * resizing and encoding can each keep a thread busy for seconds.
 *
 * @module
 */

import type { Event, Reporter } from "./events.ts";
import type { Settings } from "./settings.ts";

/** What the thread is told. */
export type Order = { kind: "run"; settings: Settings; program: string } | { kind: "stop" };

/** What it tells: events, the files that it has begun to write, and the exit code in the end. */
export type Word =
  | { kind: "event"; event: Event }
  | { kind: "unfinished"; paths: readonly string[] }
  | { kind: "end"; code: number };

/** Work that is going on. */
export interface Thread {
  /** The exit code, once there is one. */
  readonly end: Promise<number>;
  /** Asks it to end within a tile. */
  stop(): void;
  /** Removes at once what is not finished; for when the process ends without waiting. */
  discard(): void;
}

/** Starts a run. */
export function startThread(settings: Settings, program: string, report: Reporter): Thread {
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
  tell({ kind: "run", settings, program });
  return {
    end,
    stop: () => tell({ kind: "stop" }),
    discard() {
      for (const path of unfinished) {
        try {
          Deno.removeSync(path);
        } catch (error) {
          if (!(error instanceof Deno.errors.NotFound)) throw error;
        }
      }
    },
  };
}
