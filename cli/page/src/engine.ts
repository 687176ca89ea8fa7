/** The library as the page sees it: promises, with callbacks for progress. @module */

import type { Image, Progress } from "../../../mod.ts";
import type { Cost, Entry, Made, Part, Reply, Request, RunOptions } from "./messages.ts";

/** Callbacks of a request. */
export interface Watch {
  /** Aborts a run. */
  signal?: AbortSignal;
  /** Called after each tile of a run. */
  progress?(progress: Progress): void;
  /** Called from time to time with the unfinished image. */
  preview?(image: Image, sample: number): void;
  /** Called with each piece of a download. */
  download?(received: number, total: number): void;
}

/** A request without its id. */
type Asked = Request extends infer Kind ? Kind extends Request ? Omit<Kind, "id"> : never : never;

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
  watch?: Watch;
}

/** The worker that holds the library. */
export class Engine {
  #worker: Worker;
  #pending = new Map<number, Pending>();
  #next = 0;

  constructor() {
    this.#worker = new Worker(new URL("./engine_worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#receive(data);
    this.#worker.onerror = (event) => {
      for (const { reject } of this.#pending.values()) {
        reject(new Error(`Cannot continue: the worker ended (${event.message}). Reload the page`));
      }
      this.#pending.clear();
    };
  }

  /** Loads an entry and closes the one before it; `download` is called with bytes received, and in all. */
  open(model: string, download: NonNullable<Watch["download"]>): Promise<Entry> {
    return this.#ask({ kind: "open", model }, { download }) as Promise<Entry>;
  }

  /** Reads a PNG, JPEG or WebP file. */
  decode(file: Blob): Promise<Image> {
    return this.#ask({ kind: "decode", file }) as Promise<Image>;
  }

  /** Estimates what a run will take. */
  plan(width: number, height: number, options: RunOptions): Promise<Cost> {
    return this.#ask({ kind: "plan", width, height, options }) as Promise<Cost>;
  }

  /** Enlarges by bicubic interpolation. */
  enlarge(image: Image, scale: number): Promise<Image> {
    return this.#ask({ kind: "enlarge", image, scale }) as Promise<Image>;
  }

  /** Runs the entry; a `part` of a larger image gets the noise of that image. */
  run(
    image: Image,
    options: RunOptions,
    part: Part | undefined,
    watch: Watch,
  ): Promise<Made> {
    return this.#ask({ kind: "run", image, options, part }, watch) as Promise<Made>;
  }

  /** Encodes an image as a file. */
  encode(image: Image, format: "png" | "jpeg" | "webp"): Promise<Uint8Array<ArrayBuffer>> {
    return this.#ask({ kind: "encode", image, format }) as Promise<Uint8Array<ArrayBuffer>>;
  }

  /** How far samples differ around each pixel, in bytes. */
  deviation(images: readonly Image[]): Promise<Float32Array> {
    return this.#ask({ kind: "deviation", images }) as Promise<Float32Array>;
  }

  #ask(request: Asked, watch?: Watch): Promise<unknown> {
    const id = this.#next++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { resolve, reject, watch });
    watch?.signal?.addEventListener("abort", () => {
      this.#worker.postMessage({ id: this.#next++, kind: "cancel", target: id } satisfies Request);
    }, { once: true });
    this.#worker.postMessage({ ...request, id });
    return promise;
  }

  #receive(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    if (!pending) return;
    const { watch } = pending;
    if (reply.kind === "progress") return watch?.progress?.(reply.progress);
    if (reply.kind === "preview") return watch?.preview?.(reply.image, reply.sample);
    if (reply.kind === "download") return watch?.download?.(reply.received, reply.total);
    this.#pending.delete(reply.id);
    if (reply.kind === "done") return pending.resolve(reply.value);
    pending.reject(Object.assign(new Error(reply.message), { name: reply.name }));
  }
}
