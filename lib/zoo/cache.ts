/** The contract of caches, which keep downloads. @module */

import type { Version } from "./unfinished.ts";

/** Progress of a download. */
export interface DownloadProgress {
  /** Name of the file. */
  readonly file: string;
  /** Bytes received, including those of an earlier attempt. */
  readonly received: number;
  /** Number of bytes of the whole file, if it is known. */
  readonly total?: number;
}

/** Receives the pieces of one download. */
export interface Sink {
  /** Number of bytes that it holds, at first those of an earlier attempt. */
  readonly size: number;
  /** The version of the file that the bytes belong to, if it is known; at first that of an earlier attempt. */
  readonly version?: Version;
  /** Sets the version of the bytes to come. */
  setVersion(version?: Version): Promise<void>;
  /** Adds a piece. */
  write(piece: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Discards the bytes and everything known about them. */
  clear(): Promise<void>;
  /** Returns all bytes. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
}

/** Keeps downloads. */
export interface DownloadCache {
  /** Its name in errors. */
  readonly name: string;
  /** The bytes kept under a SHA-256, unchecked, or undefined. */
  get(sha256: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * Keeps the file that `work` has written into a sink and verified; of several for the
   * same SHA-256 in this program, one works at a time. If the work fails, its bytes stay for the next
   * attempt, but never count as the file itself.
   *
   * @returns The result of `work`.
   */
  keep(
    sha256: string,
    work: (sink: Sink) => Promise<Uint8Array<ArrayBuffer>>,
  ): Promise<Uint8Array<ArrayBuffer>>;
  /** The text of a card or an index that was kept last, or undefined. */
  getText(url: URL): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Keeps the text of a card or an index for offline use; ignores failures. */
  keepText(url: URL, text: Uint8Array<ArrayBuffer>): Promise<void>;
}
