/** Reads the texts of a zoo, its cards and indexes. @module */

import { checkFlag, checkObject, checkSignal, checkTime, checkWhole } from "../checks.ts";
import { onServer } from "../platform.ts";
import type { DownloadCache } from "./cache.ts";
import { readFile } from "./file.ts";
import { openFolderCache } from "./folder_cache.ts";
import { request } from "./http.ts";
import { openPageCache } from "./page_cache.ts";
import { nameOf } from "./place.ts";
import { withRetries } from "./retry.ts";

/** Options of all functions that read. */
export interface ReadOptions {
  /** Aborts the reading, which throws the signal's reason. */
  signal?: AbortSignal;
  /**
   * Folder in which downloads are kept.
   *
   * @default {the environment's SRZOO_CACHE, or `srzoo` in the platform's folder of caches}
   */
  cache?: string;
  /**
   * Uses cards and files that were kept earlier, and no network.
   *
   * @default {false}
   */
  offline?: boolean;
  /**
   * Milliseconds in which at least a kilobyte or the end must arrive; otherwise a request fails.
   *
   * @default {30000}
   */
  timeout?: number;
  /**
   * How often a request is repeated when the network or the server fails.
   *
   * @default {2}
   */
  retries?: number;
}

/**
 * Refuses invalid options.
 *
 * @throws {TypeError} If one is of the wrong type.
 * @throws {RangeError} If a number is out of its range.
 */
export function checkReading(options: ReadOptions): void {
  checkObject("options", options);
  const { signal, offline = false, timeout = 1, retries = 0 } = options;
  checkSignal("signal", signal);
  checkFlag("offline", offline);
  checkTime("timeout", timeout);
  checkWhole("retries", retries, { to: 1000 });
}

/** The cache of this machine or page. */
export async function openCache(folder?: string): Promise<DownloadCache> {
  return onServer ? openFolderCache(folder) : await openPageCache();
}

/**
 * Reads the text of a card or of an index.
 *
 * @param limit Largest number of bytes.
 * @throws {Error} If it is missing, larger, or cannot be reached; the message names it.
 */
export async function readText(
  url: URL,
  limit: number,
  options: ReadOptions = {},
): Promise<string> {
  checkReading(options);
  options.signal?.throwIfAborted();
  const isFile = url.protocol === "file:" && onServer;
  try {
    const bytes = isFile
      ? await readFile(url, limit, options.signal)
      : await fetchText(url, limit, options);
    return textOf(bytes);
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw new Error(`Cannot read ${nameOf(url)}: ${(cause as Error).message}`, { cause });
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SyntaxError("it is not text in UTF-8", { cause });
  }
}

async function fetchText(url: URL, limit: number, options: ReadOptions) {
  const cache = await openCache(options.cache).catch(() => undefined);
  if (options.offline) {
    const kept = await cache?.getText(url);
    if (kept) return kept;
    throw new Error(
      "it was not kept earlier, and the network must not be used; read it once without offline",
    );
  }
  const text = await withRetries(async () => {
    const { pieces } = await request(url, options);
    const parts = await Array.fromAsync(pieces(limit));
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  }, options);
  await cache?.keepText(url, text);
  return text;
}
