/**
 * The codec of this runtime on a thread of its own, which ends on an abort and when a file takes too long: a file decides
 * how long decoding takes, and encoding can block for a minute.
 *
 * @module
 */

import { CallError, callsTo } from "../../../calls.ts";
import { DecodeError, UnsupportedError } from "../../../errors.ts";
import { startThread } from "../../../thread.ts";
import type { Image } from "../../image.ts";
import type { Codec, CodecLimits } from "./codec.ts";
import { received, type Reply, type Request, sent } from "./desk.ts";
import { checked, holdNative, plainCodec } from "./plain.ts";

/** Milliseconds in which the thread must start; if it does not, its script is missing. */
const PATIENCE = 30_000;

/** Milliseconds without work after which the thread ends by default. */
const IDLE = 10_000;

/** Milliseconds after which work ends by default. */
const TIMEOUT = 600_000;

/**
 * Makes the codec. PNG is encoded on the calling thread, a band of rows at a time, so that an abort works there too; its
 * pixels need not be copied, and Node and browsers compress the bands on other threads anyway.
 *
 * If the thread cannot start, for example in a page whose bundler did not find its script, everything runs
 * on the calling thread.
 *
 * @param script URL of the thread's script, if a bundler did not find it.
 * @param idle Milliseconds without work after which the thread ends and frees its memory.
 */
export function threadedCodec(script?: string | URL, idle = IDLE): Codec {
  const calls = callsTo<Request, Reply>({
    start: () => startThread({ script, detached: true }),
    opening: () => ({ request: { kind: "greet" } }),
    patience: PATIENCE,
    stop: (thread) => thread.end(),
    idle,
  });
  const here = () => plainCodec().then(checked);
  /** Threads that have compiled libwebp. */
  const ready = new WeakSet<Reply>();
  let isAbsent = false;

  /**
   * Compiles libwebp on the thread, even after an abort: V8 ends the process if a thread ends while it compiles
   * WebAssembly. It takes a few milliseconds and does not read the file.
   */
  async function prepare(opened: Reply): Promise<void> {
    if (ready.has(opened)) return;
    await calls.call(() => ({ request: { kind: "prepare" } }), { timeout: PATIENCE });
    ready.add(opened);
  }

  /** Asks the thread; undefined if there is none. */
  async function ask(
    make: () => Request,
    format: string,
    limits: CodecLimits,
  ): Promise<Reply | undefined> {
    const { signal, timeout = TIMEOUT } = limits;
    try {
      if (!isAbsent) {
        await holdNative();
        const opened = await calls.open(signal);
        if (format === "webp") await prepare(opened);
        signal?.throwIfAborted();
      }
    } catch {
      signal?.throwIfAborted();
      isAbsent = true;
    }
    if (isAbsent) return undefined;
    const call = () => {
      const request = make();
      return { request, transfer: buffersOf(request) };
    };
    return await calls.call(call, { signal, timeout }).catch((error) => {
      throw error instanceof CallError ? errorOf(error) : error;
    });
  }

  return {
    name: "threaded",
    async decode(bytes, format, limits = {}): Promise<Image> {
      const own = () => bytes.slice().buffer;
      const reply = await ask(() => ({ kind: "decode", bytes: own(), format }), format, limits);
      if (reply?.kind === "decoded") return received(reply.image);
      return await (await here()).decode(bytes, format, limits);
    },
    async encode(image, options, limits = {}): Promise<Uint8Array<ArrayBuffer>> {
      const own = () => sent({ ...image, data: image.data.slice() });
      const reply = options.format === "png"
        ? undefined
        : await ask(() => ({ kind: "encode", image: own(), options }), options.format, limits);
      if (reply?.kind === "encoded") return new Uint8Array(reply.bytes);
      return await (await here()).encode(image, options, limits);
    },
  };
}

function buffersOf(request: Request): ArrayBuffer[] {
  if (request.kind === "decode") return [request.bytes];
  return request.kind === "encode" ? [request.image.data] : [];
}

/** The error of the thread, with the class that matters to callers. */
function errorOf({ name, message }: CallError): Error {
  if (name === "DecodeError") return new DecodeError(message);
  if (name === "UnsupportedError") return new UnsupportedError(message);
  return new Error(message);
}
