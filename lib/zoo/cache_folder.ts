/** The folder of downloads. @module */

import { environment, system } from "../platform.ts";

/**
 * `SRZOO_CACHE`, or `srzoo` in the platform's folder for caches: `LOCALAPPDATA` on Windows,
 * `~/Library/Caches` on macOS, `XDG_CACHE_HOME` or `~/.cache` elsewhere.
 *
 * @throws {Error} If the environment has none of these variables.
 */
export function cacheFolder(): string {
  const own = environment("SRZOO_CACHE");
  if (own) return own;
  const parent = parentFolder();
  if (parent) return `${parent}/srzoo`;
  throw new Error(
    "Cannot find a folder for downloads: set SRZOO_CACHE to a folder (in Deno, allow it to be " +
      "read with --allow-env=SRZOO_CACHE,HOME,XDG_CACHE_HOME)",
  );
}

function parentFolder(): string | undefined {
  if (system === "win32") return environment("LOCALAPPDATA");
  const home = environment("HOME");
  if (system === "darwin") return home && `${home}/Library/Caches`;
  return environment("XDG_CACHE_HOME") ?? (home && `${home}/.cache`);
}
