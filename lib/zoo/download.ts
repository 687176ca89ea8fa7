/** Downloads of files with a known SHA-256: resumed, retried, tried elsewhere, and verified. @module */

import { IntegrityError } from "../errors.ts";
import { onServer } from "../platform.ts";
import { sha256Of } from "../sha256.ts";
import type { DownloadProgress, Sink } from "./cache.ts";
import { type Answer, request, RequestError, type RequestOptions } from "./http.ts";
import { nameOf } from "./place.ts";
import { type RetryOptions, withRetries } from "./retry.ts";
import { isKeepable, type Version } from "./unfinished.ts";

/** A file to download. */
export interface Download extends RequestOptions, RetryOptions {
  /** Its URLs, best first. */
  readonly places: readonly URL[];
  /** Its name in reports of progress. */
  readonly file: string;
  /** SHA-256 of its bytes, in hex. */
  readonly sha256: string;
  /** Number of its bytes, if the card says so. */
  readonly bytes?: number;
  /** Largest number of bytes. */
  readonly limit: number;
  /** Called with each piece. */
  readonly onDownload?: (progress: DownloadProgress) => void;
}

/**
 * Downloads a file into a sink and verifies it.
 *
 * @returns The bytes.
 * @throws {IntegrityError} If the bytes have another SHA-256; the sink is empty then.
 * @throws {Error} If no URL gives the file; the sink keeps the received bytes.
 */
export async function download(file: Download, sink: Sink): Promise<Uint8Array<ArrayBuffer>> {
  const failures: Error[] = [];
  for (const place of file.places) {
    try {
      return await withRetries(() => fetchFrom(place, file, sink), file);
    } catch (error) {
      file.signal?.throwIfAborted();
      failures.push(
        error instanceof RequestError
          ? new Error(`Cannot fetch ${nameOf(place)}: ${error.message}`, { cause: error })
          : error as Error,
      );
    }
  }
  if (failures.length === 1) throw failures[0];
  throw new Error(failures.map(({ message }) => message).join("; "), { cause: failures.at(-1) });
}

/** One request for the missing bytes. */
async function fetchFrom(
  place: URL,
  file: Download,
  sink: Sink,
): Promise<Uint8Array<ArrayBuffer>> {
  const most = file.bytes ?? file.limit;
  // More than the whole file: it was made for another card.
  if (sink.size > most) await sink.clear();
  const kept = sink.size;
  if (kept < most || kept === 0) {
    try {
      await receive(place, file, sink);
    } catch (error) {
      const isWhole = error instanceof RequestError && error.status === 416;
      // Nothing is left to send, or what is kept is not part of the file: its SHA-256 tells.
      if (!isWhole || kept === 0) throw error;
    }
  }
  const bytes = await sink.bytes();
  const actual = await sha256Of(bytes);
  if (actual === file.sha256) return bytes;
  await sink.clear();
  // The bytes of an earlier attempt may be to blame: one more attempt is made without them.
  if (kept > 0) return await fetchFrom(place, file, sink);
  throw new IntegrityError(nameOf(place), file.sha256, actual);
}

async function receive(place: URL, file: Download, sink: Sink): Promise<void> {
  const { bytes, limit, onDownload } = file;
  const id = (await sha256Of(new TextEncoder().encode(place.href))).slice(0, 16);
  // The tag of another place says nothing of this one.
  const kept = sink.version?.place === id ? sink.version.tag : undefined;
  const headers = sink.size > 0 ? rangeFrom(sink.size, kept) : undefined;
  const { response, pieces } = await request(place, { ...file, headers });
  const start = response.status === 206 ? rangeStart(response) : 0;
  if (start !== sink.size && start !== 0) {
    await response.body?.cancel();
    throw new RequestError("the server sent another range than requested", false);
  }
  const tag = tagOf(response);
  if (start > 0 && kept !== undefined && tag !== undefined && tag !== kept) {
    await response.body?.cancel();
    await sink.clear();
    throw new RequestError("the file changed between two requests", true);
  }
  if (start === 0 && sink.size > 0) await sink.clear();
  const version: Version | undefined = tag !== undefined ? { place: id, tag } : undefined;
  await sink.setVersion(version);
  const total = bytes ?? lengthOf(response, start);
  const most = bytes ?? limit;
  for await (const piece of bounded(pieces, most - start, most)) {
    await sink.write(piece);
    onDownload?.({ file: file.file, received: sink.size, total });
  }
  if (total !== undefined && sink.size < total) {
    throw new RequestError(`it ended after ${sink.size} of ${total} bytes`, true);
  }
}

/** Headers that ask for the rest, or for the whole file if it is no longer the same (RFC 9110, section 13.1.5). */
function rangeFrom(size: number, tag?: string): Record<string, string> {
  const range = `bytes=${size}-`;
  // In a page this header would ask the server for its permission first.
  return tag !== undefined && onServer ? { range, "if-range": tag } : { range };
}

/** The ETag, if it is a strong one: a weak one does not tell whether the bytes are the same. */
function tagOf({ headers }: Response): string | undefined {
  const tag = headers.get("etag");
  return tag !== null && isKeepable(tag) ? tag : undefined;
}

/** The pieces, with an error that states the limit of the whole file. */
async function* bounded(pieces: Answer["pieces"], rest: number, most: number) {
  let received = 0;
  for await (const piece of pieces(Infinity)) {
    received += piece.length;
    if (received > rest) {
      throw new RequestError(`it has more than the allowed ${most} bytes`, false);
    }
    yield piece;
  }
}

/** `content-range: bytes 100-199/200` starts at 100. */
function rangeStart({ headers }: Response): number {
  return Number(headers.get("content-range")?.match(/^bytes (\d+)-/)?.[1]);
}

/** A compressed answer states the length of what is sent, not that of the file. */
function lengthOf({ headers }: Response, start: number): number | undefined {
  const length = headers.get("content-length");
  return length && !headers.has("content-encoding") ? start + Number(length) : undefined;
}
