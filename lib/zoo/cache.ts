/** The contract of caches, and the download that they share. @module */

import { nameOf, statusOf } from "./source.ts";

/** How far a download is. */
export interface DownloadProgress {
  /** Name of the file. */
  readonly file: string;
  /** Bytes received, those of an earlier attempt included. */
  readonly received: number;
  /** Bytes in all, where they are known. */
  readonly total?: number;
}

/** A file to be downloaded. */
export interface Download {
  /** Where it is. */
  readonly url: URL;
  /** What progress calls it. */
  readonly file: string;
  /** SHA-256 of its bytes, in hex: its name in a cache. */
  readonly sha256: string;
  /** Number of its bytes, where the card says so. */
  readonly bytes?: number;
  /** Leaves the download. */
  readonly signal?: AbortSignal;
  /** Called with each piece. */
  readonly onDownload?: (progress: DownloadProgress) => void;
}

/** Downloads that are kept. */
export interface WeightCache {
  /** What errors call it. */
  readonly name: string;
  /** The bytes kept under a SHA-256, unchecked, or undefined. */
  get(sha256: string): Promise<Uint8Array | undefined>;
  /**
   * Downloads a file, checks it, and keeps it.
   *
   * @throws {IntegrityError} If the bytes are not the promised ones; nothing is kept then.
   */
  fetch(download: Download): Promise<Uint8Array>;
}

/** The pieces of a file from one byte on. */
export interface Pieces {
  /** The byte they start at: the one asked for, or 0 where the server does not do ranges. */
  readonly start: number;
  /** The pieces. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Asks a server for a file.
 *
 * @param from Number of bytes that are there already.
 * @throws {Error} If the server cannot be reached or refuses.
 */
export async function requestPieces(download: Download, from: number): Promise<Pieces> {
  const { url, signal } = download;
  const headers: HeadersInit = from > 0 ? { range: `bytes=${from}-` } : {};
  const response = await fetch(url, { headers, signal }).catch((cause) => {
    throw failed(download, cause);
  });
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new Error(`Cannot fetch ${nameOf(url)}: the server answered ${statusOf(response)}`);
  }
  const start = response.status === 206 ? rangeStart(response) : 0;
  if (start !== from && start !== 0) {
    await response.body.cancel();
    throw new Error(`Cannot fetch ${nameOf(url)}: the server sent another range than asked for`);
  }
  return { start, body: counted(response.body, start, lengthOf(response, start), download) };
}

/** Passes pieces on, tells progress, and stops where the file gets longer than the card says. */
async function* counted(
  body: ReadableStream<Uint8Array>,
  start: number,
  length: number | undefined,
  download: Download,
): AsyncGenerator<Uint8Array> {
  const { url, file, bytes, onDownload } = download;
  const total = bytes ?? length;
  let received = start;
  try {
    for await (const piece of body) {
      received += piece.length;
      if (bytes !== undefined && received > bytes) {
        throw new RangeError(`it has more than the ${bytes} bytes of the model card`);
      }
      yield piece;
      onDownload?.({ file, received, total });
    }
  } catch (cause) {
    throw failed(download, cause);
  }
  if (total !== undefined && received < total) {
    throw new Error(`Cannot fetch ${nameOf(url)}: it ended after ${received} of ${total} bytes`);
  }
}

function failed({ url, signal }: Download, cause: unknown): unknown {
  if (signal?.aborted) return signal.reason;
  return new Error(`Cannot fetch ${nameOf(url)}: ${(cause as Error).message}`, { cause });
}

/** `content-range: bytes 100-199/200` starts at 100. */
function rangeStart({ headers }: Response): number {
  return Number(headers.get("content-range")?.match(/^bytes (\d+)-/)?.[1]);
}

/** A compressed answer tells the length of what travels, which is none of the file. */
function lengthOf({ headers }: Response, start: number): number | undefined {
  const length = headers.get("content-length");
  return length && !headers.has("content-encoding") ? start + Number(length) : undefined;
}
