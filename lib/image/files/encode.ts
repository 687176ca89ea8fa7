/** Encodes an image as a file. @module */

import { checkFunction, checkNames, checkNumber, checkSignal, checkWord } from "../../checks.ts";
import { UnsupportedError } from "../../errors.ts";
import { checkImage, type Image, plainImage } from "../image.ts";
import { hasAlpha } from "../pixels.ts";
import type { Codec, EncodeOptions } from "./codecs/codec.ts";
import { defaultCodec } from "./codecs/mod.ts";
import type { Metadata } from "./containers/container.ts";
import { containers } from "./containers/mod.ts";
import { sizedExif } from "./exif.ts";
import type { OutputFormat } from "./format.ts";
import { asGrayProfile, asRgbProfile, colorSpaceOf } from "./icc.ts";

/** Quality of a lossy file if none is given, 1 to 100. */
export const LOSSY_QUALITY = 90;

/** Milliseconds that encoding may take, plus those per pixel: some ten times what lossless WebP takes. */
const PATIENCE = 60_000;
const PATIENCE_PER_PIXEL = 2e-2;

/** Options of {@linkcode encodeImage}. */
export interface EncodeImageOptions {
  /** Format of the file. */
  format: OutputFormat;
  /** Quality from 1 to 100. JPEG takes 90 if absent, WebP is lossless if absent, PNG has none. */
  quality?: number;
  /** Text by names of at most 79 letters, digits and _ . - to write: PNG text chunks, or XMP in JPEG and WebP. */
  text?: Readonly<Record<string, string>>;
  /**
   * Whether ICC profile, EXIF, density and text are written, or only the pixels.
   *
   * @default {"keep"}
   */
  metadata?: "keep" | "strip";
  /** Called with each thing that the format cannot hold, as text for the user. */
  onNote?: (note: string) => void;
  /** Background in red, green and blue, 0 to 255, for an image with alpha if the format has none. */
  background?: readonly [number, number, number];
  /** Aborts the work at any moment. */
  signal?: AbortSignal;
  /** Encoder; by default that of this runtime, which encodes JPEG and WebP on a thread of its own. */
  codec?: Codec;
  /** URL of that thread's script, for a bundled page: as in `load()`. */
  worker?: string | URL;
}

/**
 * Writes an image as a file. Gray is written as gray in PNG, and with equal colours in JPEG and WebP.
 * ICC profile, EXIF and density are kept; `onNote` is told what the format cannot hold.
 *
 * @throws {UnsupportedError} If there is no such format, or it cannot hold the image: alpha in JPEG without a
 * `background`, or sides over 65535 (JPEG) or 16383 (WebP) pixels.
 * @throws {RangeError} If `quality` is not from 1 to 100, a colour is not from 0 to 255, or the number of bytes does not
 * match the size of the image.
 * @throws {TypeError} If its data are not bytes, or an option has the wrong type.
 */
export async function encodeImage(image: Image, options: EncodeImageOptions): Promise<Uint8Array> {
  checkNames(options, [
    ...["format", "quality", "text", "metadata", "background"],
    ...["onNote", "signal", "codec", "worker"],
  ]);
  const { format, quality, background, metadata = "keep", onNote, signal, worker } = options;
  const { codec = defaultCodec(worker) } = options;
  if (!Object.hasOwn(containers, format)) {
    throw new UnsupportedError(`Cannot write ${String(format)}: choose png, jpeg or webp`);
  }
  if (quality !== undefined) checkNumber("quality", quality, { from: 1, to: 100 });
  if (background !== undefined) checkBackground(background);
  checkText(options.text ?? {});
  checkWord("metadata", metadata, ["keep", "strip"]);
  checkSignal("signal", signal);
  checkFunction("onNote", onNote);
  signal?.throwIfAborted();
  checkImage(image);
  checkFits(image, format);
  const plain = plainImage(image);
  const flat = format === "jpeg" ? flattened(plain, options.background) : plain;
  const timeout = PATIENCE + PATIENCE_PER_PIXEL * image.width * image.height;
  const limits = { signal, timeout };
  const encoding = encodingOf(format, quality);
  const bytes = await codec.encode(flat, encoding, limits).catch((cause: unknown) => {
    signal?.throwIfAborted();
    if (cause instanceof UnsupportedError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    const size = `${image.width}x${image.height}`;
    throw new Error(`Cannot write ${size} as ${format.toUpperCase()} (${why}). Write PNG instead`, {
      cause,
    });
  });
  if (metadata === "strip") return bytes;
  return containers[format].withMetadata(bytes, metadataOf(flat, options));
}

/**
 * Writes an image as a `Blob`, which a page can download or show.
 *
 * @throws As {@linkcode encodeImage} does.
 */
export async function toBlob(image: Image, options: EncodeImageOptions): Promise<Blob> {
  const bytes = await encodeImage(image, options);
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: `image/${options.format}` });
}

/** Names must be valid in PNG and, except for spaces, in XML; so must the characters of values. */
function checkText(text: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(text)) {
    const isText = typeof value === "string" && !/[^\t\n\r -\uffff]/.test(value);
    if (isText && /^[a-z_][\w .-]{0,78}$/i.test(name)) continue;
    throw new TypeError(
      `Cannot write the text "${name}": names are at most 79 letters, digits and _ . -`,
    );
  }
}

function checkBackground(background: readonly number[]): void {
  if (!Array.isArray(background) || background.length !== 3) {
    throw new TypeError("Cannot use the background: give red, green and blue");
  }
  for (const value of background) checkNumber("background", value, { to: 255 });
}

/** The metadata that the format can hold. */
function metadataOf(image: Image, { format, text, onNote }: EncodeImageOptions): Metadata {
  const { most } = containers[format];
  const fitting = (what: keyof typeof most, bytes?: Uint8Array) => {
    if (!bytes || bytes.length <= most[what]) return bytes;
    const name = what === "exif" ? "EXIF" : "ICC profile";
    const size = `${Math.ceil(bytes.length / 1000)} kB`;
    onNote?.(`${name} left out: ${format.toUpperCase()} cannot hold its ${size}`);
  };
  const { iccProfile, channels = 4, exif, density } = image;
  const fits = iccProfile && fittingProfile(iccProfile, format === "png" && channels <= 2);
  if (iccProfile && !fits) {
    onNote?.("ICC profile left out: it is not for the colours of the file");
  }
  return {
    iccProfile: fitting("iccProfile", fits),
    exif: fitting("exif", exif && sizedExif(exif, image)),
    density,
    text,
  };
}

function encodingOf(format: OutputFormat, quality?: number): EncodeOptions {
  if (format === "png") return { format };
  return format === "jpeg" ? { format, quality: quality ?? LOSSY_QUALITY } : { format, quality };
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

/** The image over a background, if it has alpha. */
function flattened(image: Image, background: EncodeImageOptions["background"]): Image {
  if (!hasAlpha(image)) return image;
  if (!background) {
    throw new UnsupportedError(
      "Cannot write alpha as JPEG: write PNG or WebP, or give a background",
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

/** The profile, converted if it is of gray values and the file has three colours, or the other way round. */
function fittingProfile(profile: Uint8Array, isGray: boolean): Uint8Array | undefined {
  const space = colorSpaceOf(profile);
  if (space === (isGray ? "GRAY" : "RGB ")) return profile;
  if (space === "GRAY") return asRgbProfile(profile);
  return space === "RGB " ? asGrayProfile(profile) : undefined;
}
