/** The contract of codecs, which turn files into pixels and back. @module */

import type { InputFormat } from "../format.ts";
import type { Image } from "../../image.ts";

/** Options of an encoder; `quality` is 1 to 100, and WebP is lossless without it. */
export type EncodeOptions =
  | { readonly format: "png" }
  | { readonly format: "jpeg"; readonly quality: number }
  | { readonly format: "webp"; readonly quality?: number };

/** Limits of the work. */
export interface CodecLimits {
  /** Aborts the work. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which the work fails. */
  readonly timeout?: number;
}

/**
 * Decoder and encoder of one runtime. It handles pixels only: limits, orientation, profiles and
 * texts are handled around it.
 */
export interface Codec {
  /** Short name for messages. */
  readonly name: string;
  /**
   * Decodes the pixels as they are stored: not rotated, not colour-managed, alpha not premultiplied.
   * Decodes the first frame of an animation.
   *
   * @param limits Limits, as far as the decoder supports them; one that blocks its thread cannot.
   * @throws If the data is damaged or truncated, with any error.
   */
  decode(
    bytes: Uint8Array<ArrayBuffer>,
    format: InputFormat,
    limits?: CodecLimits,
  ): Promise<Image>;
  /** Encodes an image; the same image gives the same bytes. JPEG drops alpha. */
  encode(
    image: Image,
    options: EncodeOptions,
    limits?: CodecLimits,
  ): Promise<Uint8Array<ArrayBuffer>>;
}
