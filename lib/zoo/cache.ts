/** The contract of what keeps downloads. @module */

import type { Version } from "./unfinished.ts";

/** How far a download is. */
export interface DownloadProgress {
  /** Name of the file. */
  readonly file: string;
  /** Bytes received, those of an earlier attempt included. */
  readonly received: number;
  /** Bytes in all, where they are known. */
  readonly total?: number;
}

/** Where the pieces of one download are put. */
export interface Sink {
  /** Number of bytes that are there, from an earlier attempt at first. */
  readonly size: number;
  /** What the bytes are the beginning of, an earlier attempt's at first, where that is known. */
  readonly version?: Version;
  /** Says what the bytes that come are of. */
  setVersion(version?: Version): Promise<void>;
  /** Adds a piece. */
  write(piece: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Throws away what is there, and what is known of it. */
  clear(): Promise<void>;
  /** All bytes. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
}

/** Downloads that are kept. */
export interface DownloadCache {
  /** What errors call it. */
  readonly name: string;
  /** The bytes kept under a SHA-256, unchecked, or undefined. */
  get(sha256: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * Keeps what some work has put into a sink and proved to have this SHA-256; of several at once for the
   * same SHA-256 in this program, one works at a time. Where the work fails, its bytes stay for the next
   * attempt, and are never taken for the file itself.
   *
   * @returns What the work returned.
   */
  keep(
    sha256: string,
    work: (sink: Sink) => Promise<Uint8Array<ArrayBuffer>>,
  ): Promise<Uint8Array<ArrayBuffer>>;
  /** The text of a card or an index as it was last kept, or undefined. */
  getText(url: URL): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Keeps the text of a card or an index; fails in silence, since it is of use offline alone. */
  keepText(url: URL, text: Uint8Array<ArrayBuffer>): Promise<void>;
}
