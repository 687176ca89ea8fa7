/** Reads an image from a file. @module */

import { TimeoutError } from "../../calls.ts";
import { inMegabytes } from "../../bytes.ts";
import { checkFunction, checkNames, checkNumber, checkSignal, checkTime } from "../../checks.ts";
import { DecodeError, UnsupportedError } from "../../errors.ts";
import type { Size } from "../resize.ts";
import { defaultMemory } from "../../platform.ts";
import { checkImage, type Image, plainImage } from "../image.ts";
import { upright, uprightSize } from "../orientation.ts";
import type { Codec, CodecLimits } from "./codecs/codec.ts";
import { defaultCodec } from "./codecs/mod.ts";
import { checked } from "./codecs/plain.ts";
import type { Header } from "./containers/container.ts";
import { containers } from "./containers/mod.ts";
import { drawnImage } from "./canvas.ts";
import { densityOf, orientationOf, uprightExif } from "./exif.ts";
import type { InputFormat } from "./format.ts";
import { sniff } from "./sniff.ts";
import { bytesOf, type ImageLike, isDrawable, isImage } from "./source.ts";

/**
 * Peak memory of decoding in bytes per pixel, including the pixels themselves: 12 measured for JPEG
 * and PNG, 10 for WebP.
 */
export const decodingBytes = 16;

/** Copies of the file in memory while it is decoded: ours, and those of the decoder's thread and of the decoder. */
const FILE_COPIES = 3;

/** Milliseconds that decoding may take, plus those per pixel: some twenty times what a photograph takes. */
const PATIENCE = 30_000;
const PATIENCE_PER_PIXEL = 2e-3;

/** Bytes that a file may have, plus those per pixel: 16 bits in four channels have 8. */
const BYTES = 2 ** 26;
const FILE_BYTES_PER_PIXEL = 16;

/** Options of {@linkcode readImage}. */
export interface ReadImageOptions {
  /** Decoder; by default that of this runtime, on a thread of its own. */
  codec?: Codec;
  /** URL of that thread's script, for a bundled page: as in `load()`. */
  worker?: string | URL;
  /** Aborts the reading at any moment, even while the file is decoded. */
  signal?: AbortSignal;
  /**
   * Milliseconds over 0 that decoding may take; a file that takes longer is refused.
   *
   * @default {30 seconds, and 2 more for each million pixels}
   */
  timeout?: number;
  /**
   * Bytes of memory over 0 that decoding may take, including the file itself; an image that needs more is refused before
   * it is decoded.
   *
   * @default {4_294_967_296}
   */
  memory?: number;
  /**
   * Called once with the size of the image, before its pixels are decoded; if it throws, the reading ends.
   */
  onSize?: (size: Size) => void;
}

/**
 * Reads a PNG, JPEG or WebP file upright (EXIF orientation applied), with its ICC profile, EXIF and
 * density. The `notes` of the image say what is lost.
 *
 * The content determines the format, not the name. Only the first frame of an animation is read.
 *
 * @throws {DecodeError} If the bytes are not an image, or the image is broken or truncated.
 * @throws {TypeError} If an image in memory holds something other than bytes, or an option has the wrong type.
 * @throws {RangeError} If its number of bytes does not match its size, or a number is out of its range.
 * @throws {UnsupportedError} If it has another format, the image has more pixels than the memory holds, or decoding
 * takes too long.
 */
export async function readImage(
  source: ImageLike,
  options: ReadImageOptions = {},
): Promise<Image> {
  checkNames(options, ["memory", "timeout", "signal", "onSize", "codec", "worker"]);
  const { codec, worker, signal, memory = defaultMemory, onSize } = options;
  checkNumber("memory", memory, { from: 1, to: Infinity });
  if (options.timeout !== undefined) checkTime("timeout", options.timeout);
  checkSignal("signal", signal);
  checkFunction("onSize", onSize);
  if (isImage(source)) {
    checkImage(source);
    onSize?.(source);
    return Object.hasOwn(source, "width") ? source : plainImage(source);
  }
  if (isDrawable(source)) {
    signal?.throwIfAborted();
    const drawn = await drawnImage(source);
    onSize?.(drawn);
    return drawn;
  }
  const bytes = await bytesOf(source, { signal, limit: fileLimit(memory) });
  const format = sniff(bytes);
  const header = await containers[format].readHeader(bytes);
  checkMemory(header, bytes.length, memory);
  checkBytes(header, bytes.length);
  onSize?.(uprightSize(header, orientationIn(header)));
  const pixels = header.width * header.height;
  const { timeout = PATIENCE + PATIENCE_PER_PIXEL * pixels } = options;
  const decoder = codec ? checked(codec) : defaultCodec(worker);
  const decoded = await decode(decoder, header.decodable ?? bytes, {
    ...{ header, format, signal, timeout },
  });
  signal?.throwIfAborted();
  return described(decoded, header);
}

/** Most bytes of a file that can be read within this memory. */
export function fileLimit(memory: number): number {
  return memory / FILE_COPIES;
}

/** Refuses images that would not fit in memory with the bytes of their files, before anything is allocated. */
function checkMemory({ width, height }: Header, bytes: number, memory: number): void {
  const needed = width * height * decodingBytes + FILE_COPIES * bytes;
  if (needed <= memory) return;
  throw new UnsupportedError(
    `Cannot read an image of ${width}x${height} within ${inMegabytes(memory)}: decoding it takes ` +
      `${inMegabytes(needed)}. Make it smaller, or allow more memory`,
  );
}

/** Refuses files that hold far more than pixels: their parts could fill the memory, or keep decoders busy without end. */
function checkBytes({ width, height }: Header, bytes: number): void {
  if (bytes <= BYTES + FILE_BYTES_PER_PIXEL * width * height) return;
  throw new UnsupportedError(
    `Cannot read an image of ${width}x${height} from ${inMegabytes(bytes)}, which is too much ` +
      "for its pixels. Save it again",
  );
}

/** What is known about the file to decode. */
interface Known extends CodecLimits {
  header: Header;
  format: InputFormat;
}

/** Decodes, and turns every error of a decoder into one clear error. */
async function decode(
  codec: Codec,
  bytes: Uint8Array<ArrayBuffer>,
  { header, format, signal, timeout }: Known,
): Promise<Image> {
  const image = await codec.decode(bytes, format, { signal, timeout }).catch((cause: unknown) => {
    signal?.throwIfAborted();
    if (cause instanceof UnsupportedError || cause instanceof DecodeError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    if (cause instanceof TimeoutError) {
      throw new UnsupportedError(
        `Cannot decode the ${format.toUpperCase()} data (${why}): save the image again, or allow ` +
          "more time",
        { cause },
      );
    }
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

/** Joins the pixels, turned upright, with the metadata of the file. */
function described(stored: Image, header: Header): Image {
  const { channels, iccProfile } = header;
  const notes = [...header.notes, ...stored.notes ?? []];
  const exif = header.exif && uprightExif(header.exif);
  if (header.exif && !exif) notes.push("damaged EXIF left out");
  const density = header.density ?? (exif && densityOf(exif));
  const turned = orientationIn(header) >= 5 && density;
  return {
    ...upright(stored, orientationIn(header)),
    channels,
    ...iccProfile && { iccProfile },
    ...exif && { exif },
    ...density && { density: turned ? { x: density.y, y: density.x } : density },
    ...notes.length > 0 && { notes },
  };
}

function orientationIn({ exif }: Header): number {
  return exif ? orientationOf(exif) : 1;
}
