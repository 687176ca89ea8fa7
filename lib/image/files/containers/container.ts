/**
 * The contents of a file besides its pixels, which are not decoded.
 *
 * @module
 */

import type { Density } from "../../image.ts";

/** The description of its pixels in a file. */
export interface Header {
  /** Stored columns, before any turn. */
  readonly width: number;
  /** Stored rows, before any turn. */
  readonly height: number;
  /** 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA. */
  readonly channels: 1 | 2 | 3 | 4;
  /** EXIF block as it is stored. */
  readonly exif?: Uint8Array<ArrayBuffer>;
  /** Pixels per metre, if the format itself states them. */
  readonly density?: Density;
  /** ICC profile, unpacked. */
  readonly iccProfile?: Uint8Array<ArrayBuffer>;
  /** What reading will lose, as text for the user. */
  readonly notes: readonly string[];
  /** What to give to the decoder, if the file itself would mislead it. */
  readonly decodable?: Uint8Array<ArrayBuffer>;
}

/** Metadata to add to an encoded file. */
export interface Metadata {
  /** ICC profile of the colours. */
  readonly iccProfile?: Uint8Array;
  /** EXIF block without the leading `Exif\0\0`. */
  readonly exif?: Uint8Array;
  /** Pixels per metre. */
  readonly density?: Density;
  /** Keys and values. */
  readonly text?: Readonly<Record<string, string>>;
}

/** Reader and writer of one format's frame of chunks or segments. */
export interface Container {
  /**
   * Parses the structure of the whole file.
   *
   * @throws {DecodeError} If the structure is broken or truncated.
   * @throws {UnsupportedError} If the file uses features that no codec here decodes correctly.
   */
  readHeader(bytes: Uint8Array<ArrayBuffer>): Promise<Header>;
  /**
   * Checks for faults that decoders would ignore; the time grows with the pixels, so the size is checked before.
   *
   * @throws {DecodeError} If a part of the pixels is missing.
   */
  checkPixels?(bytes: Uint8Array<ArrayBuffer>): void;
  /** Longest EXIF block and ICC profile in bytes that the format holds. */
  readonly most: { readonly exif: number; readonly iccProfile: number };
  /** Adds metadata to a file that one of the codecs has just encoded. */
  withMetadata(bytes: Uint8Array<ArrayBuffer>, metadata: Metadata): Promise<Uint8Array>;
}
