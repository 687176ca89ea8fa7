/** The way out: from an image to a file. @module */

import { UnsupportedError } from "../../errors.ts";
import type { Image } from "../image.ts";
import { hasAlpha } from "../pixels.ts";
import type { Codec, EncodeOptions } from "./codecs/codec.ts";
import { defaultCodec } from "./codecs/mod.ts";
import { containers } from "./containers/mod.ts";
import type { OutputFormat } from "./format.ts";

/** Quality of a JPEG file where nothing is said, 1 to 100. */
export const JPEG_QUALITY = 90;

/** How {@linkcode encodeImage} writes. */
export interface EncodeImageOptions {
  /** Format of the file. */
  format: OutputFormat;
  /** 1 to 100. JPEG takes {@linkcode JPEG_QUALITY} if absent, WebP is lossless if absent, PNG has none. */
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
  const bytes = await codec.encode(flat, encodingOf(format, quality)).catch((cause: unknown) => {
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

function encodingOf(format: OutputFormat, quality?: number): EncodeOptions {
  if (format === "png") return { format };
  return format === "jpeg" ? { format, quality: quality ?? JPEG_QUALITY } : { format, quality };
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
