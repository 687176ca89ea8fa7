/** The codec of this runtime. @module */

import type { Codec } from "./codec.ts";

/** Loads imagescript in Deno and Node, the browser's own codec elsewhere. */
export async function defaultCodec(): Promise<Codec> {
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  return process?.versions?.node // Deno says so too
    ? (await import("./imagescript.ts")).imagescriptCodec()
    : (await import("./browser.ts")).browserCodec();
}
