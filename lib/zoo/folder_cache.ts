/** Downloads kept in a folder, named by their SHA-256. @module */

import { IntegrityError } from "../errors.ts";
import { type Download, requestPieces, type WeightCache } from "./cache.ts";
import { nameOf, sha256Of } from "./source.ts";

/** Opens the cache; its folder is made with the first download. */
export function openFolderCache(folder: string = defaultFolder()): WeightCache {
  const pathOf = (sha256: string) => `${folder}/${sha256}`;
  return {
    name: folder,
    get: (sha256) => Deno.readFile(pathOf(sha256)).catch(undefinedIfMissing),
    async fetch(download) {
      await Deno.mkdir(folder, { recursive: true });
      const path = pathOf(download.sha256);
      const part = `${path}.part`;
      await receive(part, download);
      const bytes = await Deno.readFile(part);
      const actual = await sha256Of(bytes);
      if (actual !== download.sha256) {
        await Deno.remove(part);
        throw new IntegrityError(nameOf(download.url), download.sha256, actual);
      }
      await Deno.rename(part, path);
      return bytes;
    },
  };
}

/** Appends to what an earlier attempt left, unless the server starts again. */
async function receive(part: string, download: Download): Promise<void> {
  using file = await Deno.open(part, { create: true, read: true, write: true });
  const { size } = await file.stat();
  if (size > 0 && size === download.bytes) return;
  // More than the whole file: it was made for another card.
  const from = download.bytes !== undefined && size > download.bytes ? 0 : size;
  const { start, body } = await requestPieces(download, from);
  await file.truncate(start);
  await file.seek(start, Deno.SeekMode.Start);
  for await (const piece of body) {
    for (let done = 0; done < piece.length;) done += await file.write(piece.subarray(done));
  }
}

/** `SRZOO_CACHE`, or the place where the platform wants caches. */
function defaultFolder(): string {
  const own = Deno.env.get("SRZOO_CACHE");
  if (own) return own;
  const home = Deno.env.get("HOME");
  const caches = {
    windows: () => Deno.env.get("LOCALAPPDATA"),
    darwin: () => home && `${home}/Library/Caches`,
    linux: () => Deno.env.get("XDG_CACHE_HOME") || home && `${home}/.cache`,
  };
  const parent = (caches[Deno.build.os as keyof typeof caches] ?? caches.linux)();
  if (parent) return `${parent}/srzoo`;
  throw new Error("Cannot tell where to keep downloads: set SRZOO_CACHE to a folder");
}

function undefinedIfMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
