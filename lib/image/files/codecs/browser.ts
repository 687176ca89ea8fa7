/**
 * The codec of a browser: its own JPEG decoder and encoder behind a canvas. PNG and WebP avoid the
 * canvas, which would change colours under alpha.
 *
 * @module
 */

import { UnsupportedError } from "../../../errors.ts";
import type { InputFormat } from "../format.ts";
import type { Image } from "../../image.ts";
import { withoutExif } from "../containers/jpeg.ts";
import { contextOf, toImageData } from "../canvas.ts";
import type { Codec, CodecLimits, EncodeOptions } from "./codec.ts";
import { decodePng } from "./png_decoder.ts";
import { encodePng } from "./png_encoder.ts";

/** What {@linkcode browserCodec} takes for WebP: `webp.ts`, which only the worker's script holds. */
export type WebpCodec = Pick<typeof import("./webp.ts"), "decodeWebp" | "encodeWebp">;

/**
 * Makes the codec.
 *
 * @param webp For WebP; without it, WebP fails with an error that says what is missing.
 */
export function browserCodec(webp: WebpCodec = noWebp): Codec {
  return {
    name: "browser",
    async decode(bytes, format) {
      return await (format === "webp" ? webp.decodeWebp(bytes) : decode(bytes, format));
    },
    async encode(image, options, limits) {
      if (options.format === "webp") return await webp.encodeWebp(image, options.quality);
      return await encode(image, options, limits);
    },
  };
}

/** Stands in for the real codec, which would be a seventh of the library's bundle. */
const noWebp: WebpCodec = {
  decodeWebp: () => Promise.reject(withoutWorker("read")),
  encodeWebp: () => Promise.reject(withoutWorker("write")),
};

function withoutWorker(verb: string): Error {
  return new UnsupportedError(
    `Cannot ${verb} WebP: the worker's script, which holds its codec, was not found; give its URL as "worker"`,
  );
}

async function decode(
  bytes: Uint8Array<ArrayBuffer>,
  format: Exclude<InputFormat, "webp">,
): Promise<Image> {
  if (format === "png") return await decodePng(bytes);
  const bitmap = await createImageBitmap(new Blob([withoutExif(bytes)], { type: "image/jpeg" }), {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  });
  const { width, height } = bitmap;
  const context = contextOf(width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { width, height, data: context.getImageData(0, 0, width, height).data };
}

async function encode(
  image: Image,
  options: Exclude<EncodeOptions, { format: "webp" }>,
  { signal }: CodecLimits = {},
): Promise<Uint8Array<ArrayBuffer>> {
  if (options.format === "png") return await encodePng(image, signal);
  const context = contextOf(image.width, image.height);
  context.putImageData(toImageData(image), 0, 0);
  const quality = options.quality / 100;
  const blob = await context.canvas.convertToBlob({ type: "image/jpeg", quality });
  return new Uint8Array(await blob.arrayBuffer());
}
