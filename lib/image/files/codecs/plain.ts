/** The codec of this runtime, on the thread that calls it. @module */

import { onServer, serverModule } from "../../../platform.ts";
import { containers } from "../containers/mod.ts";
import type { Codec } from "./codec.ts";

/**
 * Loads imagescript in Deno and Node, and the browser's own codec in a page, whose bundle must not hold native code. The
 * latter leaves WebP to the worker.
 */
export async function plainCodec(): Promise<Codec> {
  if (!onServer) return (await import("./browser.ts")).browserCodec();
  return (await nativeCodec()).imagescriptCodec();
}

/**
 * Loads native code on the thread that calls, before another thread does: Node dies of a segmentation fault when it
 * unloads that code with the last thread that holds it.
 */
export async function holdNative(): Promise<void> {
  if (onServer && !("Deno" in globalThis)) await (await nativeCodec()).holdImagescript();
}

async function nativeCodec(): Promise<typeof import("./imagescript.ts")> {
  return await import(/* webpackIgnore: true */ serverModule("imagescript", import.meta.url));
}

/**
 * A codec that refuses files with missing pixels.
 *
 * @throws {DecodeError} From `decode()`, if any are missing.
 */
export function checked(codec: Codec): Codec {
  return {
    ...codec,
    decode(bytes, format, limits) {
      try {
        containers[format].checkPixels?.(bytes);
      } catch (error) {
        return Promise.reject(error);
      }
      return codec.decode(bytes, format, limits);
    },
  };
}
