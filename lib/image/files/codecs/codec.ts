/** What turns files into pixels and back. @module */

import type { InputFormat } from "../format.ts";
import type { Image } from "../../image.ts";

/** What an encoder is asked for; `quality` is 1 to 100, and WebP is lossless without it. */
export type EncodeOptions =
  | { readonly format: "png" }
  | { readonly format: "jpeg"; readonly quality: number }
  | { readonly format: "webp"; readonly quality?: number };

/** When the work ends, whatever it has reached. */
export interface CodecLimits {
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which it ends by itself. */
  readonly timeout?: number;
}

/**
 * Decoder and encoder of one runtime. It deals with pixels alone: limits, orientation, profiles and
 * texts are read and written around it.
 */
export interface Codec {
  /** Short name for messages. */
  readonly name: string;
  /**
   * Decodes the pixels as they are stored: not turned, not colour-managed, alpha not premultiplied.
   * Of an animation the first frame.
   *
   * @param limits Those that it can heed; a decoder that blocks its thread cannot.
   * @throws If the data is damaged or truncated; any error will do.
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
