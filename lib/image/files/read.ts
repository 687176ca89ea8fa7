/** The way in: from a file to an image. @module */

import { DecodeError, UnsupportedError } from "../../errors.ts";
import type { Image } from "../image.ts";
import { upright } from "../orientation.ts";
import type { Codec } from "./codecs/codec.ts";
import { defaultCodec } from "./codecs/mod.ts";
import type { Header } from "./containers/container.ts";
import { containers } from "./containers/mod.ts";
import type { InputFormat } from "./format.ts";
import { sniff } from "./sniff.ts";
import { bytesOf, type ImageLike } from "./source.ts";

/** How {@linkcode readImage} reads. */
export interface ReadImageOptions {
  /** Decoder; the one for this runtime if absent. */
  codec?: Codec;
  /** Ends the reading. */
  signal?: AbortSignal;
  /**
   * Refuses larger pictures before their pixels are decoded.
   *
   * @default {268_435_456}
   */
  maxPixels?: number;
}

/**
 * Reads a PNG, JPEG or WebP file upright (EXIF orientation applied), with its ICC profile.
 *
 * The content decides about the format, not the name. Of an animation the first frame is read.
 *
 * @throws {DecodeError} If the bytes are no picture, or a broken or truncated one.
 * @throws {UnsupportedError} If the format is another one, or the picture has too many pixels.
 */
export async function readImage(
  source: ImageLike,
  options: ReadImageOptions = {},
): Promise<Image> {
  if (isImage(source)) return checked(source);
  const { codec = await defaultCodec(), signal, maxPixels = 2 ** 28 } = options;
  const bytes = await bytesOf(source, signal);
  const format = sniff(bytes);
  const header = await containers[format].readHeader(bytes);
  if (header.width * header.height > maxPixels) {
    throw new UnsupportedError(
      `Cannot read a picture of ${header.width}x${header.height}: over the limit of ` +
        `${maxPixels} pixels. Make it smaller, or raise maxPixels`,
    );
  }
  const decoded = await decode(codec, bytes, header, format);
  signal?.throwIfAborted();
  return upright(described(decoded, header), header.orientation);
}

function isImage(source: ImageLike): source is Image {
  return typeof source === "object" && "width" in source && "data" in source;
}

/** A picture that is given as pixels must have as many as it says. */
function checked(image: Image): Image {
  const { width, height, data } = image;
  if (!(width > 0 && height > 0 && data.length === 4 * width * height)) {
    throw new RangeError(
      `Cannot take a picture of ${width}x${height} with ${data.length} bytes: ` +
        "it must have 4 bytes for each of its pixels",
    );
  }
  return image;
}

/** Decodes, and turns whatever a decoder throws into one clear error. */
async function decode(
  codec: Codec,
  bytes: Uint8Array<ArrayBuffer>,
  header: Header,
  format: InputFormat,
): Promise<Image> {
  const image = await codec.decode(bytes, format).catch((cause: unknown) => {
    if (cause instanceof UnsupportedError || cause instanceof DecodeError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DecodeError(
      `Cannot decode the ${format.toUpperCase()} data (${why}): the file is damaged or truncated`,
      { cause },
    );
  });
  if (image.width !== header.width || image.height !== header.height) {
    throw new DecodeError(
      `Cannot trust the ${format.toUpperCase()} file: its header says ` +
        `${header.width}x${header.height}, its data ${image.width}x${image.height}`,
    );
  }
  return image;
}

function described(image: Image, header: Header): Image {
  const { channels, iccProfile } = header;
  const notes = [...header.notes, ...image.notes ?? []];
  return { ...image, channels, ...iccProfile && { iccProfile }, ...notes.length > 0 && { notes } };
}
