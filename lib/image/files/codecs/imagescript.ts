/**
 * The codec of Deno and Node: imagescript for PNG and JPEG, and our own code for what it
 * cannot do. Needs permission to load native code (`--allow-ffi`).
 *
 * @module
 */

import process from "node:process";
import { UnsupportedError } from "../../../errors.ts";
import { pngChunks, pngLayout } from "../containers/png.ts";
import type { InputFormat } from "../format.ts";
import type { Image } from "../../image.ts";
import type { Codec, CodecLimits, EncodeOptions } from "./codec.ts";
import { decodePng } from "./png_decoder.ts";
import { encodePng } from "./png_encoder.ts";
import { decodeWebp, encodeWebp } from "./webp.ts";

/** Makes the codec; imagescript itself is loaded when first needed. */
export function imagescriptCodec(): Codec {
  return { name: "imagescript", decode, encode };
}

async function decode(bytes: Uint8Array<ArrayBuffer>, format: InputFormat): Promise<Image> {
  if (format === "webp") return await decodeWebp(bytes);
  if (format === "png" && !isPlain(bytes)) return await decodePng(bytes);
  const { Image: Picture } = await imagescript();
  const { width, height, bitmap } = await Picture.decode(bytes);
  return { width, height, data: bitmap as Image["data"] };
}

/** imagescript cuts off the low byte of 16 bits, and blackens pixels of the transparent colour. */
function isPlain(bytes: Uint8Array<ArrayBuffer>): boolean {
  const chunks = pngChunks(bytes);
  const { depth, colorType } = pngLayout(chunks);
  return depth <= 8 && (colorType === 3 || chunks.every(({ type }) => type !== "tRNS"));
}

async function encode(
  image: Image,
  options: EncodeOptions,
  { signal }: CodecLimits = {},
): Promise<Uint8Array<ArrayBuffer>> {
  if (options.format === "png") return await encodePng(image, signal);
  if (options.format === "webp") return await encodeWebp(image, options.quality);
  const { Image: Picture } = await imagescript();
  const picture = new Picture(image.width, image.height);
  picture.bitmap.set(image.data);
  return new Uint8Array(await picture.encodeJPEG(Math.round(options.quality) as 90));
}

/** Loads the native code, so that this thread holds it; if it cannot be loaded, the first use fails. */
export async function holdImagescript(): Promise<void> {
  await imagescript().catch(() => {});
}

let loading: Promise<typeof import("imagescript")> | undefined;

/** Loads imagescript once. */
function imagescript(): Promise<typeof import("imagescript")> {
  return loading ??= load().catch((cause: unknown) => {
    loading = undefined;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UnsupportedError(
      `Cannot load the image codec imagescript (${why}). Allow native code (--allow-ffi), ` +
        "or pass another codec",
      { cause },
    );
  });
}

/**
 * Imports imagescript. It reads an environment variable while it loads, and would fail without the permission to
 * do so; that one variable is therefore hidden during the import.
 */
async function load(): Promise<typeof import("imagescript")> {
  const { env } = process;
  process.env = new Proxy({}, {
    get: (_, name) => name === "IMAGESCRIPT_WASM_SIMD" ? undefined : Reflect.get(env, name),
  });
  try {
    return await import("imagescript");
  } finally {
    process.env = env;
  }
}
