/** Bytes from wherever a picture may lie. @module */

import { builtin, onServer } from "../../platform.ts";
import type { Image } from "../image.ts";

/** Whatever an image can be read from: itself, a file's bytes, a `Blob`, a URL, a path. */
export type ImageLike = Image | Uint8Array | Blob | URL | string;

/**
 * Fetches or reads the bytes of a file.
 *
 * A string with a scheme is a URL; another one is a path in Deno and Node, and a URL relative to the
 * page in a browser.
 *
 * @throws {Error} If the file cannot be read or the server does not answer with success.
 */
export async function bytesOf(
  source: Exclude<ImageLike, { width: number }>,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  signal?.throwIfAborted();
  if (source instanceof Uint8Array) {
    return source.buffer instanceof ArrayBuffer
      ? source as Uint8Array<ArrayBuffer>
      : new Uint8Array(source);
  }
  if (source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  if (typeof source === "string" && !/^([a-z][\w+.-]+:\/\/|data:|blob:)/i.test(source)) {
    return await ofPath(source, signal);
  }
  const url = new URL(source);
  return url.protocol === "file:" ? await ofPath(url, signal) : await ofUrl(url, signal);
}

/** In a browser there are no paths; what looks like one belongs to the page's address. */
async function ofPath(path: string | URL, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  if (!onServer) return await ofUrl(new URL(path, document.baseURI), signal);
  return new Uint8Array(await builtin("fs/promises").readFile(path, { signal }));
}

async function ofUrl(url: URL, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url, { signal });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`Cannot fetch ${url}: the server answers ${response.status}`);
  }
  return new Uint8Array(await response.arrayBuffer());
}
