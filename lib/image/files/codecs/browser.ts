/**
 * The codec of a browser: its own JPEG decoder and encoder behind a canvas. PNG and WebP go past the
 * canvas, which would change colours under alpha.
 *
 * @module
 */

import type { InputFormat } from "../format.ts";
import type { Image } from "../../image.ts";
import { contextOf, toImageData } from "../canvas.ts";
import type { Codec, CodecLimits, EncodeOptions } from "./codec.ts";
import { decodePng } from "./png_decoder.ts";
import { encodePng } from "./png_encoder.ts";
import { decodeWebp, encodeWebp } from "./webp.ts";

/** Makes the codec. */
export function browserCodec(): Codec {
  return { name: "browser", decode, encode };
}

async function decode(bytes: Uint8Array<ArrayBuffer>, format: InputFormat): Promise<Image> {
  if (format === "png") return await decodePng(bytes);
  if (format === "webp") return await decodeWebp(bytes);
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }), {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
    imageOrientation: "none",
  });
  const { width, height } = bitmap;
  const context = contextOf(width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { width, height, data: context.getImageData(0, 0, width, height).data };
}

async function encode(
  image: Image,
  options: EncodeOptions,
  { signal }: CodecLimits = {},
): Promise<Uint8Array<ArrayBuffer>> {
  if (options.format === "png") return await encodePng(image, signal);
  if (options.format === "webp") return await encodeWebp(image, options.quality);
  const context = contextOf(image.width, image.height);
  context.putImageData(toImageData(image), 0, 0);
  const quality = options.quality / 100;
  const blob = await context.canvas.convertToBlob({ type: "image/jpeg", quality });
  return new Uint8Array(await blob.arrayBuffer());
}
