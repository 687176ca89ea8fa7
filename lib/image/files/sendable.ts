/** Sources of images that another thread can read. @module */

import { defaultMemory, onServer } from "../../platform.ts";
import { plainImage } from "../image.ts";
import { bitmapOf } from "./canvas.ts";
import { fileLimit } from "./read.ts";
import { addressInPage, bytesOf, type ImageLike, isDrawable, isImage } from "./source.ts";

/** How {@linkcode sendable} prepares a source. */
export interface SendableOptions {
  /** Aborts the reading of what must be read here. */
  signal?: AbortSignal;
  /**
   * Bytes of memory that reading the image may take.
   *
   * @default {4_294_967_296}
   */
  memory?: number;
}

/**
 * The same source in a form from which `readImage()` makes the same image on another thread: an element of a page becomes a
 * bitmap, a path in a page an address, and a `Response` its bytes.
 *
 * @throws {Error} If it cannot be read, as `readImage()` throws.
 */
export async function sendable(
  source: ImageLike,
  { signal, memory = defaultMemory }: SendableOptions = {},
): Promise<ImageLike> {
  if (isImage(source)) return plainImage(source);
  if (isDrawable(source)) return await bitmapOf(source);
  if (source instanceof URL) return source.href;
  if (typeof source === "string") return onServer ? source : addressInPage(source).href;
  if (!onServer && source instanceof Blob) return source;
  return await bytesOf(source, { signal, limit: fileLimit(memory) });
}
