/** A thread that answers messages, whatever the runtime calls it. @module */

import { builtin, onServer, serverModule } from "../platform.ts";

/** The other side of a thread, or the thread as it is seen from within. */
export interface Port<Out, In> {
  /** Sends a message; what is in `transfer` is gone here afterwards. */
  post(message: Out, transfer?: ArrayBuffer[]): void;
  /** Replaces what is called with each message. */
  listen(onMessage: (message: In) => void, onError?: (message: string) => void): void;
}

/** A thread, from outside. */
export interface Thread<Out, In> extends Port<Out, In> {
  /** Ends it at once, whatever it does. */
  end(): void;
}

/**
 * Starts the thread of the graphs.
 *
 * @param script URL of its script, where a bundler did not find it.
 */
export function startThread<Out, In>(script?: string | URL): Thread<Out, In> {
  if (onServer && typeof Worker === "undefined") return startNodeThread(script);
  const worker = startWorker(script);
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    listen(onMessage, onError) {
      worker.onmessage = ({ data }) => onMessage(data);
      worker.onerror = (event) => {
        event.preventDefault();
        onError?.(event.message);
      };
    },
    end: () => worker.terminate(),
  };
}

function startWorker(script?: string | URL): Worker {
  const options = { type: "module" } as const;
  if (script !== undefined) return new Worker(script, options);
  if (onServer) return new Worker(serverScript(), options);
  // A literal URL, which some bundlers for the browser know how to follow.
  return new Worker(new URL("./web_worker.ts", import.meta.url), { type: "module" });
}

/** Node calls its workers by another name. */
function startNodeThread<Out, In>(script: string | URL = serverScript()): Thread<Out, In> {
  const { Worker } = builtin("worker_threads");
  const worker = new Worker(new URL(script, import.meta.url));
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    listen(onMessage, onError) {
      worker.removeAllListeners("message").on("message", onMessage);
      worker.removeAllListeners("error")
        .on("error", (error: Error) => onError?.(error.message));
    },
    end: () => void worker.terminate(),
  };
}

function serverScript(): string {
  return serverModule("server_worker", import.meta.url);
}

/** What is used of the globals of a worker. */
interface WorkerScope {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  onmessage: (event: { data: unknown }) => void;
  close(): void;
}

/** This thread, from within. */
export function thisThread<Out, In>(): Port<Out, In> & { close(): void } {
  const own = globalThis as unknown as WorkerScope;
  if (typeof own.postMessage === "function") {
    return {
      post: (message, transfer = []) => own.postMessage(message, transfer),
      listen: (onMessage) => void (own.onmessage = ({ data }) => onMessage(data as In)),
      close: () => own.close(),
    };
  }
  const port = builtin("worker_threads").parentPort!;
  return {
    post: (message, transfer = []) => port.postMessage(message, transfer),
    listen: (onMessage) => void port.on("message", onMessage),
    close: () => port.close(),
  };
}
