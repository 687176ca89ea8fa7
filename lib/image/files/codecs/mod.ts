/** The default codec. @module */

import type { Codec } from "./codec.ts";
import { threadedCodec } from "./threaded.ts";

/** One thread per script, shared by all calls. */
const codecs = new Map<string, Codec>();

/**
 * The codec of this runtime on a thread of its own.
 *
 * @param script URL of the thread's script, if a bundler did not find it.
 */
export function defaultCodec(script?: string | URL): Codec {
  const key = `${script ?? ""}`;
  const codec = codecs.get(key) ?? threadedCodec(script);
  codecs.set(key, codec);
  return codec;
}
