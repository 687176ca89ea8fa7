/**
 * Pictures in memory, and the way in and out of files.
 *
 * @module
 */

import { DecodeError, UnsupportedError } from "../errors.ts";
import type { Codec } from "./codecs/codec.ts";
import { defaultCodec } from "./codecs/mod.ts";
import { containers, type Header, type InputFormat, type OutputFormat } from "./containers/mod.ts";
import { sniff } from "./containers/sniff.ts";
import { upright } from "./orientation.ts";
import { hasAlpha } from "./pixels.ts";
import { bytesOf } from "./source.ts";

/** A picture in 8 bits per channel; a browser's `ImageData` is one. */
export interface Image {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Red, green, blue, alpha (not premultiplied) of every pixel, row by row from the top left. */
  readonly data: Uint8ClampedArray<ArrayBuffer>;
  /** What the source had: 1 gray (three equal colours), 2 gray and alpha, 3 RGB, 4 RGBA. */
  readonly channels?: 1 | 2 | 3 | 4;
  /** ICC profile of the colours; sRGB is meant without one. */
  readonly iccProfile?: Uint8Array<ArrayBuffer>;
  /** What reading changed or left out, such as "16-bit reduced to 8 bit". */
  readonly notes?: readonly string[];
}

/** Whatever a picture can be read from: itself, a file's bytes, a `Blob`, a URL, a path. */
export type ImageLike = Image | Uint8Array | Blob | URL | string;

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

/** How {@linkcode encodeImage} writes. */
export interface EncodeImageOptions {
  /** Format of the file. */
  format: OutputFormat;
  /** 1 to 100. JPEG takes 90 if absent, WebP is lossless if absent, PNG has none. */
  quality?: number;
  /** Written beside the pixels: PNG text chunks, or XMP in JPEG and WebP. */
  text?: Readonly<Record<string, string>>;
  /**
   * Leaves out the ICC profile and the text.
   *
   * @default {false}
   */
  strip?: boolean;
  /** Red, green, blue in 0 to 255 to lay under a picture with alpha where the format has none. */
  background?: readonly [number, number, number];
  /** Encoder; the one for this runtime if absent. */
  codec?: Codec;
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

/**
 * Writes a picture as a file. Gray is written as gray in PNG, and with equal colours in JPEG and WebP.
 * An ICC profile goes along if it is one for the colours that are written.
 *
 * @throws {UnsupportedError} If the format cannot hold the picture: alpha in JPEG without a
 * `background`, or sides over 65535 (JPEG) or 16383 (WebP) pixels.
 * @throws {RangeError} If `quality` is not within 1 to 100.
 */
export async function encodeImage(image: Image, options: EncodeImageOptions): Promise<Uint8Array> {
  const { format, quality, codec = await defaultCodec() } = options;
  if (quality !== undefined && !(quality >= 1 && quality <= 100)) {
    throw new RangeError(`Cannot write quality ${quality}: it must be within 1 to 100`);
  }
  checkFits(image, format);
  const flat = format === "jpeg" ? flattened(image, options.background) : image;
  const bytes = await codec.encode(flat, { format, quality }).catch((cause: unknown) => {
    if (cause instanceof UnsupportedError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    const size = `${image.width}x${image.height}`;
    throw new Error(`Cannot write ${size} as ${format.toUpperCase()} (${why}). Write PNG instead`, {
      cause,
    });
  });
  if (options.strip) return bytes;
  return containers[format].withMetadata(bytes, {
    iccProfile: fittingProfile(image, format),
    text: options.text,
  });
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

function checkFits(image: Image, format: OutputFormat): void {
  const limit = { png: 2 ** 31 - 1, jpeg: 65535, webp: 16383 }[format];
  if (Math.max(image.width, image.height) > limit) {
    throw new UnsupportedError(
      `Cannot write ${image.width}x${image.height} as ${format.toUpperCase()}: ` +
        `a side may have at most ${limit} pixels. Write PNG instead`,
    );
  }
}

/** The picture over a background, if it has alpha. */
function flattened(image: Image, background: EncodeImageOptions["background"]): Image {
  if (!hasAlpha(image)) return image;
  if (!background) {
    throw new UnsupportedError(
      "Cannot write alpha as JPEG: write PNG or WebP, or give a background to lay under it",
    );
  }
  const data = new Uint8ClampedArray(image.data);
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3] / 255;
    for (let c = 0; c < 3; c++) {
      data[i + c] = Math.floor(data[i + c] * alpha + background[c] * (1 - alpha) + 0.5);
    }
    data[i + 3] = 255;
  }
  return { ...image, data, channels: image.channels === 2 ? 1 : 3 };
}

/** A profile of gray values means nothing in a file that holds three colours. */
function fittingProfile(image: Image, format: OutputFormat): Image["iccProfile"] {
  const { iccProfile, channels = 4 } = image;
  if (!iccProfile) return undefined;
  const space = String.fromCharCode(...iccProfile.subarray(16, 20));
  const written = format === "png" && channels <= 2 ? "GRAY" : "RGB ";
  return space === written ? iccProfile : undefined;
}
