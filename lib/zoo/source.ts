/** Files and URLs as one: where the parts of a zoo are read. @module */

import { builtin, onServer } from "../platform.ts";

/** Options of everything that reads. */
export interface ReadOptions {
  /** Leaves the reading with the signal's reason. */
  signal?: AbortSignal;
}

/** The URL of a path or of a URL written out; a path starts at the current folder. */
export function toUrl(source: string | URL): URL {
  if (source instanceof URL) return source;
  // Two letters at least: `C:\zoo` is a path.
  if (/^[a-z][a-z0-9+.-]+:/i.test(source)) return new URL(source);
  return onServer ? builtin("url").pathToFileURL(source) : new URL(source, document.baseURI);
}

/** The same place, written so that names resolve inside it. */
export function asFolder(url: URL): URL {
  return url.pathname.endsWith("/") ? url : new URL(`${url.pathname}/${url.search}`, url);
}

/**
 * Reads a small file whole.
 *
 * @throws {Error} If it is missing or cannot be reached; the message names it.
 */
export async function readBytes(url: URL, { signal }: ReadOptions = {}): Promise<Uint8Array> {
  try {
    if (url.protocol === "file:" && onServer) {
      return new Uint8Array(await builtin("fs/promises").readFile(url, { signal }));
    }
    const response = await fetch(url, { signal });
    if (!response.ok) throw new Error(`the server answered ${statusOf(response)}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    signal?.throwIfAborted();
    throw new Error(`Cannot read ${nameOf(url)}: ${(cause as Error).message}`, { cause });
  }
}

/** Status of an answer, such as `404 Not Found`. */
export function statusOf({ status, statusText }: Response): string {
  return statusText ? `${status} ${statusText}` : `${status}`;
}

/** A place as people write it: a path where it is one. */
export function nameOf(url: URL): string {
  return url.protocol === "file:" ? decodeURIComponent(url.pathname) : url.href;
}
