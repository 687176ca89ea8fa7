/** The line to a library in a worker: concurrent calls. @module */

import type { EntryOptions } from "../entry.ts";
import { onServer } from "../platform.ts";
import type { UpscaleOptions } from "../plan.ts";
import type { Thread } from "../thread.ts";
import type { Answer, FromLibrary, Notice, Request, State, ToLibrary } from "./messages.ts";
import { pack, unpack } from "./parcel.ts";
import { receiveError } from "./sent_error.ts";

/** What stays on this side of a call: its signal, and the functions that the worker's messages call. */
export type Handles =
  & Pick<EntryOptions, "onDownload">
  & Pick<UpscaleOptions, "signal" | "onProgress" | "noise">;

/** A call, which may ask for several things. */
export interface Call {
  /**
   * Sends a request, once the one before is answered.
   *
   * @throws {unknown} Whatever the worker or a handle has thrown, or the signal's reason.
   */
  ask(request: Request): Promise<unknown>;
  /** Ends the call. */
  end(): void;
}

/** A line to a library in a worker. */
export interface Line {
  /** The state of the entry that was opened on the other side. */
  readonly state: State;
  /** Begins a call. */
  call(handles?: Handles): Call;
  /** Makes a call of one request. */
  ask(request: Request, handles?: Handles): Promise<unknown>;
  /** Ends the worker; pending requests reject. */
  end(): void;
}

/** Opens the line to a thread that runs `library_worker.ts`. */
export function openLine(thread: Thread<ToLibrary, FromLibrary>): Line {
  const open = new Map<number, { hear(answer: Answer): void; fail(error: unknown): void }>();
  let state: State = { provider: "none", tried: [] };
  let fault: Error | undefined;
  let count = 0;
  let waiting = 0;

  function stop(error: Error) {
    fault ??= error;
    for (const { fail } of [...open.values()]) fail(fault);
  }

  thread.listen(
    ({ call, content }) => open.get(call)?.hear(unpack(content) as Answer),
    (message) => stop(new Error(`Cannot go on: the library's worker ended: ${message}`)),
  );

  function call(handles: Handles = {}): Call {
    const { signal } = handles;
    const number = count++;
    let pending: PromiseWithResolvers<unknown> | undefined;
    let thrown: { error: unknown } | undefined;

    const post = (content: Request | Notice) => {
      const parcel = pack(content);
      const message = { kind: "library", call: number, content: parcel.content } as const;
      thread.post(message as ToLibrary, parcel.transfer);
    };
    const abort = () => post({ kind: "abort" });
    signal?.addEventListener("abort", abort);

    function settle(settling: (pending: PromiseWithResolvers<unknown>) => void) {
      if (!pending) return;
      const settled = pending;
      pending = undefined;
      if (--waiting === 0) thread.hold(false);
      settling(settled);
    }
    const fail = (error: unknown) => settle(({ reject }) => reject(error));

    /** Ends the call if a handle throws, as it would on one thread. */
    async function handled(work: () => unknown): Promise<void> {
      try {
        await work();
      } catch (error) {
        thrown ??= { error };
        abort();
      }
    }

    async function draw({ draw, index, dims, origin }: Answer & { kind: "draw" }) {
      const { data, dims: drawn } = await handles.noise!(index, dims, origin);
      post({ kind: "drawn", draw, values: { data, dims: drawn } });
    }

    function hear(answer: Answer): void {
      switch (answer.kind) {
        case "progress":
          return void handled(() => handles.onProgress?.(answer.progress));
        case "download":
          return void handled(() => handles.onDownload?.(answer.progress));
        case "draw":
          return void handled(() => draw(answer));
      }
      state = answer.state ?? state;
      if (thrown) fail(thrown.error);
      else if (answer.kind === "done") settle(({ resolve }) => resolve(answer.value));
      else fail(signal?.aborted ? signal.reason : receiveError(answer.error));
    }

    open.set(number, { hear, fail });
    return {
      ask(request) {
        const asked = pending = Promise.withResolvers<unknown>();
        if (waiting++ === 0) thread.hold(true);
        try {
          if (fault) throw fault;
          if (request.kind !== "end") signal?.throwIfAborted();
          post(request);
        } catch (error) {
          fail(error);
        }
        return asked.promise;
      },
      end() {
        signal?.removeEventListener("abort", abort);
        open.delete(number);
      },
    };
  }

  return {
    get state() {
      return state;
    },
    call,
    async ask(request, handles) {
      const once = call(handles);
      try {
        return await once.ask(request);
      } finally {
        once.end();
      }
    },
    end() {
      stop(new Error("Cannot go on: it is closed"));
      endThread(thread);
    },
  };
}

/** In Node and Bun a thread ends by itself: ending it inside native code would end the process. */
function endThread(thread: Thread<ToLibrary, FromLibrary>): void {
  if (!onServer || "Deno" in globalThis) return thread.end();
  thread.hold(true);
  thread.post({ kind: "close" });
}
