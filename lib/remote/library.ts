/** The worker that holds the whole library, as it is started. @module */

import { onServer } from "../platform.ts";
import { startThread } from "../thread.ts";
import { type Line, openLine } from "./line.ts";

/**
 * Starts the library in a worker.
 *
 * @param script URL of the worker's script, if a bundler did not find it.
 */
export function startLibrary(script?: string | URL): Line {
  return openLine(startThread({ script, own: library, detached: onServer }));
}

// The worker's own modules must not import this one: bundlers refuse a worker that starts itself.
const library = {
  inPage: () => new Worker(new URL("../library_worker.ts", import.meta.url), { type: "module" }),
  onServer: () => new URL("../library_worker.ts", import.meta.url).href,
};
