/** The codec of this runtime, on the thread that calls it. @module */

import { onServer, serverModule } from "../../../platform.ts";
import { containers } from "../containers/mod.ts";
import type { Codec } from "./codec.ts";

/** Loads imagescript in Deno and Node, the browser's own codec elsewhere, whose bundle must not hold native code. */
export async function plainCodec(): Promise<Codec> {
  if (!onServer) return (await import("./browser.ts")).browserCodec();
  const native: typeof import("./imagescript.ts") = await import(
    serverModule("imagescript", import.meta.url)
  );
  return native.imagescriptCodec();
}

/**
 * A codec that refuses files whose pixels are not all there.
 *
 * @throws {DecodeError} From `decode()`, if a part of them is missing.
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
