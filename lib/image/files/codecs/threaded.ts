/**
 * The codec of this runtime on a thread of its own, which an abort ends, and a file that takes too long: what decodes is
 * in the hands of the file, and what encodes can block for a minute.
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

/** Milliseconds that the thread has to start; where it does not, its script cannot be had. */
const PATIENCE = 30_000;

/** Milliseconds without work after which the thread ends and gives back its memory. */
const IDLE = 10_000;

/** Milliseconds after which work ends where nothing is said. */
const TIMEOUT = 600_000;

/**
 * Makes the codec. PNG is encoded on the thread that calls: it is compressed on others already, a band of rows at a time,
 * so that an abort ends it too, and its pixels need not be copied.
 *
 * Where the thread cannot be had, such as in a page whose bundler did not find its script, everything works as before it
 * on the thread that calls.
 *
 * @param script URL of the thread's script, where a bundler did not find it.
 */
export function threadedCodec(script?: string | URL): Codec {
  const calls = callsTo<Request, Reply>({
    start: () => startThread({ script, detached: true }),
    opening: { kind: "greet" },
    patience: PATIENCE,
    stop: (thread) => thread.end(),
    idle: IDLE,
  });
  const here = () => plainCodec().then(checked);
  /** What threads said that have compiled libwebp. */
  const ready = new WeakSet<Reply>();
  let isAbsent = false;

  /**
   * Compiles libwebp on the thread, in spite of an abort: V8 ends the process where a thread ends while it compiles
   * WebAssembly. It takes some milliseconds, and no byte of the file is looked at.
   */
  async function prepare(opened: Reply): Promise<void> {
    if (ready.has(opened)) return;
    await calls.call(() => ({ request: { kind: "prepare" } }), { timeout: PATIENCE });
    ready.add(opened);
  }

  /** Asks the thread, or nobody where there is none. */
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

/** The error that the thread threw, as far as its class matters. */
function errorOf({ name, message }: CallError): Error {
  if (name === "DecodeError") return new DecodeError(message);
  if (name === "UnsupportedError") return new UnsupportedError(message);
  return new Error(message);
}
