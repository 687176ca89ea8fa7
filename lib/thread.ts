/** A thread that answers requests: a `Worker`, or a worker thread of Node. @module */

import { builtin, onServer, serverModule } from "./platform.ts";

/** Objects that can be moved to another thread. */
export type Movable = ArrayBuffer | ImageBitmap;

/** The other side of a thread, or the thread itself as seen from inside. */
export interface Port<Out, In> {
  /** Sends a message; the buffers in `transfer` are gone here afterwards. */
  post(message: Out, transfer?: Movable[]): void;
  /** Sets the function that is called with each message. */
  listen(onMessage: (message: In) => void, onError?: (message: string) => void): void;
}

/** A thread as seen from outside. */
export interface Thread<Out, In> extends Port<Out, In> {
  /** Ends it at once, even while it works. */
  end(): void;
  /** Sets whether it keeps the process alive; without effect in a page, or if it is not `detached`. */
  hold(isHeld: boolean): void;
}

/** Options of a thread. */
export interface ThreadOptions {
  /** URL of its script, if a bundler did not find it. */
  script?: string | URL;
  /**
   * Its script if no URL is given.
   *
   * @default {`web_worker.ts` in a page, `server_worker.ts` elsewhere}
   */
  own?: OwnScript;
  /**
   * Whether the process may end while it runs. Its messages must then hold an `ArrayBuffer` in place of a typed array,
   * which Deno would copy byte by byte.
   */
  detached?: boolean;
}

/** A script of the library. */
export interface OwnScript {
  /** Starts it in a page, by a literal URL that some bundlers can follow. */
  inPage(): Worker;
  /** Its URL on a server. */
  onServer(): string;
}

/** The script of graphs and codecs. */
const graphsAndCodecs: OwnScript = {
  inPage: () => new Worker(new URL("./web_worker.ts", import.meta.url), { type: "module" }),
  onServer: () => serverModule("server_worker", import.meta.url),
};

/** Starts a thread with this script. */
export type Start = (script: string) => Thread<unknown, unknown>;

let startForThis: Start | undefined;

/**
 * Sets what starts the threads of graphs and codecs for this thread, which by default starts them itself. A thread that a
 * worker of Deno 2.9 starts waits half a second before its script is loaded, and again before its first message.
 */
export function letStart(start?: Start): void {
  startForThis = start;
}

/** Starts a thread. */
export function startThread<Out, In>(options: ThreadOptions = {}): Thread<Out, In> {
  const { script, own = graphsAndCodecs, detached } = options;
  if (startForThis && script === undefined && own === graphsAndCodecs) {
    return startForThis(own.onServer()) as Thread<Out, In>;
  }
  if (onServer && (detached || !("Deno" in globalThis))) {
    return startNodeThread(script ?? own.onServer(), detached);
  }
  const worker = startWorker(own, script);
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer as Transferable[]),
    listen(onMessage, onError) {
      worker.onmessage = ({ data }) => onMessage(data);
      worker.onerror = (event) => {
        event.preventDefault();
        onError?.(event.message);
      };
    },
    end: () => worker.terminate(),
    hold: () => {},
  };
}

function startWorker(own: OwnScript, script?: string | URL): Worker {
  if (script === undefined && !onServer) return own.inPage();
  return new Worker(script ?? own.onServer(), { type: "module" });
}

/** Node has another API for workers, and lets a process end while they run. */
function startNodeThread<Out, In>(script: string | URL, detached = false): Thread<Out, In> {
  const { Worker } = builtin("worker_threads");
  // In a variable, or webpack looks for every file that it could be.
  const beside = import.meta.url;
  const worker = new Worker(startable(new URL(script, beside)));
  if (detached) worker.unref();
  return {
    post: (message, transfer) => worker.postMessage(message, transfer as ArrayBuffer[]),
    listen(onMessage, onError) {
      worker.removeAllListeners("message").on("message", onMessage);
      worker.removeAllListeners("error")
        .on("error", (error: Error) => onError?.(error.message));
    },
    end: () => void worker.terminate(),
    hold(isHeld) {
      if (!detached) return;
      if (isHeld) worker.ref();
      else worker.unref();
    },
  };
}

/** Node starts workers only from files and data URLs, but data URLs may import what Deno fetches. */
function startable(script: URL): URL {
  if (script.protocol === "file:" || script.protocol === "data:") return script;
  return new URL(`data:text/javascript,import ${encodeURIComponent(JSON.stringify(script.href))}`);
}

/** The answer to a request, and the buffers that are transferred with it. */
export interface Answer<Reply> {
  /** The answer. */
  reply: Reply;
  /** Buffers that are gone from the thread afterwards. */
  transfer?: ArrayBuffer[];
}

/** Functions that answer each kind of request; one that returns nothing sends no reply. */
export type Desk<Request extends { kind: string }, Reply> = {
  [Kind in Request["kind"]]: (
    request: Extract<Request, { kind: Kind }>,
  ) => Promise<Answer<Reply> | void>;
};

/** A request that could not be answered. */
export interface Failure {
  /** Kind. */
  kind: "failed";
  /** Class of the error. */
  name: string;
  /** Its message. */
  reason: string;
}

/** The reply that reports an error. */
export function failureOf(error: unknown): Failure {
  const { name, message } = error instanceof Error ? error : new Error(`${error}`);
  return { kind: "failed", name, reason: message };
}

/** Makes this thread answer one request after the other; `{ kind: "close" }` ends it. */
export function serve(
  desk: Readonly<Record<string, unknown>>,
  port: OwnPort = thisThread(),
): void {
  port.listen(async (request) => {
    if (request.kind === "close") return port.close();
    const work = desk[request.kind] as (request: unknown) => Promise<Answer<unknown> | void>;
    const answer = await work(request).catch((error) =>
      ({ reply: failureOf(error) }) as Answer<Failure>
    );
    if (answer) port.post(answer.reply, answer.transfer);
  });
}

/** The used globals of a worker. */
interface WorkerScope {
  postMessage(message: unknown, transfer: Movable[]): void;
  onmessage: (event: { data: unknown }) => void;
  close(): void;
}

/** A thread as seen from inside. */
export interface OwnPort extends Port<unknown, { kind: string }> {
  /** Ends it once it has nothing more to do. */
  close(): void;
}

/** This thread. */
export function thisThread(): OwnPort {
  if (!onServer || "Deno" in globalThis) {
    const own = globalThis as unknown as WorkerScope;
    return {
      post: (message, transfer = []) => own.postMessage(message, transfer),
      listen: (onMessage) =>
        void (own.onmessage = ({ data }) => onMessage(data as { kind: string })),
      close: () => own.close(),
    };
  }
  // Bun has these globals too, but they do not work in this kind of worker.
  const port = builtin("worker_threads").parentPort!;
  return {
    post: (message, transfer = []) => port.postMessage(message, transfer as ArrayBuffer[]),
    listen: (onMessage) => void port.on("message", onMessage),
    close: () => port.close(),
  };
}
