/** The codec of this runtime. @module */

import type { Codec } from "./codec.ts";

/** Loads the browser's own codec where there is a canvas, imagescript elsewhere (Deno, Node). */
export async function defaultCodec(): Promise<Codec> {
  if (typeof OffscreenCanvas === "function") {
    return (await import("./browser.ts")).browserCodec();
  }
  return (await import("./imagescript.ts")).imagescriptCodec();
}
