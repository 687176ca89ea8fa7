/** Reads the bytes of an image, wherever it is. @module */

import { abortable } from "../../abortable.ts";
import { joined } from "../../bytes.ts";
import { UnsupportedError } from "../../errors.ts";
import { fileFault } from "../../file_fault.ts";
import { builtin, onServer } from "../../platform.ts";
import type { Image } from "../image.ts";
import type { Drawable } from "./canvas.ts";

/** A source that returns its bytes on request: a `Blob`, a `File`, a `Response`. */
export interface ByteSource {
  /** The bytes, in full. */
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** Anything that has the bytes of a file: bytes, a `Blob`, a `Response`, a URL, a path. */
export type FileLike = ByteSource | ArrayBufferLike | ArrayBufferView | URL | string;

/**
 * Anything that an image can be read from: an image in memory, an `ImageData`, an image, canvas or bitmap of a page, a
 * file's bytes, a `Blob`, a `Response`, a URL, a path.
 */
export type ImageLike = Image | Drawable | FileLike;

/** Whether a source is an image in memory. */
export function isImage(source: ImageLike): source is Image {
  return isDrawable(source) && "data" in source;
}

/** Whether a source is an image in memory, or something that a page shows. */
export function isDrawable(source: ImageLike): source is Image | Drawable {
  return typeof source === "object" && source !== null && "width" in source && "height" in source;
}

/** How {@linkcode bytesOf} reads. */
export interface BytesOptions {
  /** Bytes after which a source is refused. */
  limit: number;
  /** Ends the reading. */
  signal?: AbortSignal;
  /**
   * Milliseconds that a server may stay silent.
   *
   * @default {30000}
   */
  silence?: number;
}

/**
 * Fetches or reads the bytes of a file.
 *
 * A string with a scheme is a URL; any other string is a path in Deno and Node, and a URL relative to the
 * page in a browser.
 *
 * @throws {Error} If the file cannot be read or the server does not answer with success.
 * @throws {UnsupportedError} If there are more bytes than the limit.
 * @throws {TypeError} If the source has no bytes.
 */
export async function bytesOf(
  source: FileLike,
  options: BytesOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  options.signal?.throwIfAborted();
  if (ArrayBuffer.isView(source)) {
    return owned(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  }
  if (typeof source === "string") {
    const isUrl = /^([a-z][\w+.-]+:\/\/|data:|blob:)/i.test(source);
    return isUrl ? await ofUrl(new URL(source), options) : await ofPath(source, options);
  }
  if (source instanceof URL) return await ofUrl(source, options);
  if (isBuffer(source)) return owned(new Uint8Array(source));
  if (isResponse(source)) return await ofResponse(source, options);
  if (typeof source?.arrayBuffer !== "function") {
    throw new TypeError(
      `Cannot read an image from ${
        kindOf(source)
      }: give bytes, a Blob, a Response, a URL, a path, ` +
        "an ImageData, or an image, canvas or bitmap of a page",
    );
  }
  const { size } = source as { size?: unknown }; // a Blob and a File know it
  if (typeof size === "number" && size > options.limit) refuse("the blob", options.limit);
  const bytes = new Uint8Array(await abortable(source.arrayBuffer(), options.signal));
  if (bytes.length > options.limit) refuse("the source", options.limit);
  return bytes;
}

/** The same bytes, or a copy if other threads share them. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
    ? bytes as Uint8Array<ArrayBuffer>
    : new Uint8Array(bytes);
}

/** Whether something is a buffer, even one of another window, which has other classes. */
function isBuffer(source: object): source is ArrayBufferLike {
  return /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(source));
}

function isResponse(source: object): source is Response {
  return typeof source === "object" && source !== null && "ok" in source && "status" in source &&
    "body" in source;
}

function kindOf(source: unknown): string {
  return Object.prototype.toString.call(source).slice(8, -1).toLowerCase();
}

/** A page has no paths: what looks like one is relative to the page's address. */
export function addressInPage(path: string | URL): URL {
  // A worker has no document, and programs that are not for a page have no type of it.
  const { document } = globalThis as { document?: { readonly baseURI: string } };
  return new URL(path, document?.baseURI ?? globalThis.location.href);
}

async function ofPath(
  path: string | URL,
  options: BytesOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!onServer) return await ofUrl(addressInPage(path), options);
  try {
    return await ofFile(path, options);
  } catch (error) {
    const { code } = error as { code?: string };
    if (typeof code !== "string") throw error; // not the system's
    const cause = fileFault(error as Error);
    const name = path instanceof URL ? builtin("url").fileURLToPath(path) : path;
    throw Object.assign(new Error(`Cannot read ${name}: ${cause.message}`, { cause }), { code });
  }
}

async function ofFile(
  path: string | URL,
  { limit, signal }: BytesOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { open, readFile, stat } = builtin("fs/promises");
  const found = await stat(path);
  if (found.isFile()) {
    if (found.size > limit) refuse(`${path}`, limit);
    return new Uint8Array(await readFile(path, { signal }));
  }
  const opening = open(path); // a pipe or a device may never end, nor even open
  try {
    const file = await abortable(opening, signal);
    const next = async () => {
      const { bytesRead, buffer } = await abortable(file.read(new Uint8Array(2 ** 16)), signal);
      return bytesRead > 0 ? buffer.subarray(0, bytesRead) : undefined;
    };
    return await collected(next, `${path}`, limit);
  } finally {
    // Not waited for: closing waits for the reading.
    opening.then((file) => file.close()).catch(() => {});
  }
}

async function ofUrl(url: URL, options: BytesOptions): Promise<Uint8Array<ArrayBuffer>> {
  if (url.protocol === "file:") return await ofPath(url, options);
  const ending = new AbortController();
  const { signal } = options;
  const either = signal ? AbortSignal.any([signal, ending.signal]) : ending.signal;
  try {
    const name = url.href.slice(0, 200);
    const asked = fetch(url, { signal: either }).catch((cause) => {
      either.throwIfAborted();
      throw new Error(`Cannot fetch ${name}: ${cause.message}`, { cause });
    });
    const response = await answered(asked, name, options);
    return await ofResponse(response, options);
  } catch (error) {
    ending.abort(error);
    throw error;
  }
}

/** Milliseconds that a server may stay silent. */
const SILENCE = 30_000;

/** Rejects when the signal aborts, or nothing comes for too long. */
async function answered<Result>(
  work: Promise<Result>,
  name: string,
  { signal, silence: limit = SILENCE }: BytesOptions,
): Promise<Result> {
  const silence = new AbortController();
  const timer = setTimeout(() => {
    silence.abort(
      new Error(`Cannot fetch ${name}: the server did not answer for ${limit / 1000} s`),
    );
  }, limit);
  try {
    return await abortable(
      work,
      signal ? AbortSignal.any([signal, silence.signal]) : silence.signal,
    );
  } finally {
    clearTimeout(timer);
  }
}

async function ofResponse(
  response: Response,
  options: BytesOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const name = response.url.slice(0, 200) || "the response";
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`Cannot fetch ${name}: the server answered ${response.status}`);
  }
  const reader = response.body?.getReader();
  if (!reader) return new Uint8Array(await response.arrayBuffer());
  try {
    const next = async () => (await answered(reader.read(), name, options)).value;
    return await collected(next, name, options.limit);
  } catch (error) {
    await reader.cancel(error).catch(() => {}); // the error at hand says more
    throw error;
  }
}

/** Collects what `next` returns, up to the limit. */
async function collected(
  next: () => Promise<Uint8Array | undefined>,
  name: string,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (let part = await next(); part; part = await next()) {
    size += part.length;
    if (size > limit) refuse(name, limit);
    parts.push(part);
  }
  return joined(parts);
}

function refuse(name: string, limit: number): never {
  throw new UnsupportedError(
    `Cannot read ${name}: it is larger than ${
      Number((limit / 1e6).toPrecision(3))
    } MB. Make it smaller, or ` +
      "allow more memory",
  );
}
