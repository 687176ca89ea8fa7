/** The codec of this runtime. @module */

import { onServer, serverModule } from "../../../platform.ts";
import type { Codec } from "./codec.ts";

/** Loads imagescript in Deno and Node, the browser's own codec elsewhere, whose bundle must not hold native code. */
export async function defaultCodec(): Promise<Codec> {
  if (!onServer) return (await import("./browser.ts")).browserCodec();
  const native: typeof import("./imagescript.ts") = await import(
    serverModule("imagescript", import.meta.url)
  );
  return native.imagescriptCodec();
}
