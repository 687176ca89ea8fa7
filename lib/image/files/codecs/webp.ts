/**
 * WebP pixels by libwebp in WebAssembly, for every runtime: a canvas would change pixels under alpha,
 * and imagescript reads no WebP and loses the colours of transparent pixels when it writes it.
 *
 * @module
 */

import {
  canvasOf,
  extended,
  riffChunks,
  uint24At,
  webpChunks,
  webpFile,
  webpPicture,
} from "../containers/webp.ts";
import { onServer, serverModule } from "../../../platform.ts";
import type { Image } from "../../image.ts";
import { defaultOptions } from "@jsquash/webp/meta.js";
import type { WebPModule as WebpDecoder } from "@jsquash/webp/codec/dec/webp_dec.js";
import type { WebPModule as WebpEncoder } from "@jsquash/webp/codec/enc/webp_enc.js";

/** Bytes of an `ANMF` chunk before the frame's own chunks. */
const FRAME_HEADER = 16;

/**
 * Decodes a WebP file; for an animation, its first frame on a transparent canvas.
 *
 * @throws If the data is damaged or truncated.
 */
export async function decodeWebp(bytes: Uint8Array<ArrayBuffer>): Promise<Image> {
  const chunks = webpChunks(bytes);
  const frame = chunks.find(({ type }) => type === "ANMF")?.data;
  if (!frame) return await decodeStill(bytes);
  const parts = riffChunks(frame.subarray(FRAME_HEADER));
  const picture = webpPicture(parts);
  const { width, height } = canvasOf(chunks);
  const x = 2 * uint24At(frame, 0), y = 2 * uint24At(frame, 3);
  // Before decoding: so far only the canvas was compared with the memory.
  if (x + picture.width > width || y + picture.height > height) {
    throw new RangeError("the frame is larger than its canvas");
  }
  const still = await decodeStill(webpFile([extended(picture), ...parts]));
  return placed(still, { width, height, x, y });
}

/** Encodes an image: lossless and exact without `quality`, lossy with 1 to 100. */
export async function encodeWebp(image: Image, quality?: number): Promise<Uint8Array<ArrayBuffer>> {
  const { encode } = await (encoder ??= startEncoder());
  const { width, height, data } = image;
  const options = quality === undefined ? { lossless: 1, exact: 1 } : { quality };
  const bytes = encode(data, width, height, { ...defaultOptions, ...options });
  if (!bytes) throw new Error("Cannot encode the image as WebP: it does not fit in memory");
  return new Uint8Array(bytes);
}

async function decodeStill(bytes: Uint8Array<ArrayBuffer>): Promise<Image> {
  const decoded = (await (decoder ??= startDecoder())).decode(bytes);
  if (!decoded) throw new Error("the WebP data is damaged");
  const { width, height, data } = decoded;
  return { width, height, data: data as Image["data"] }; // of bytes, as ImageData without options is
}

let encoder: ReturnType<typeof startEncoder> | undefined;
let decoder: ReturnType<typeof startDecoder> | undefined;

/** The encoder with SIMD, which ONNX Runtime needs too. */
async function startEncoder(): Promise<WebpEncoder> {
  const { default: start } = await import("@jsquash/webp/codec/enc/webp_enc_simd.js");
  return await start(await optionsOf("enc/webp_enc_simd"));
}

async function startDecoder(): Promise<WebpDecoder> {
  const { default: start } = await import("@jsquash/webp/codec/dec/webp_dec.js");
  return await start(await optionsOf("dec/webp_dec"));
}

/** Gives libwebp in Node what other runtimes have. */
async function optionsOf(name: string): Promise<{ noInitialRun: true; wasmBinary?: ArrayBuffer }> {
  if (!onServer || "Deno" in globalThis) return { noInitialRun: true };
  const { compiledInNode }: typeof import("./webp_in_node.ts") = await import(
    /* webpackIgnore: true */ serverModule("webp_in_node", import.meta.url)
  );
  return { noInitialRun: true, wasmBinary: await compiledInNode(name) };
}

/** An image at its place on a larger transparent one. */
function placed(
  image: Image,
  canvas: { width: number; height: number; x: number; y: number },
): Image {
  const { width, height, x, y } = canvas;
  const data = new Uint8ClampedArray(width * height * 4);
  for (let row = 0; row < image.height; row++) {
    const from = row * image.width * 4;
    data.set(image.data.subarray(from, from + image.width * 4), ((y + row) * width + x) * 4);
  }
  return { width, height, data };
}
