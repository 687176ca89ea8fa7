/** Downloads kept in a folder, named by their SHA-256. @module */

import { IntegrityError } from "../errors.ts";
import { builtin } from "../platform.ts";
import { sha256Of } from "../sha256.ts";
import { type Download, requestPieces, type WeightCache } from "./cache.ts";
import { cacheFolder } from "./cache_folder.ts";
import { nameOf } from "./source.ts";

/** Opens the cache; its folder is made with the first download. */
export function openFolderCache(folder: string = cacheFolder()): WeightCache {
  const { mkdir, readFile, rename, rm } = builtin("fs/promises");
  const pathOf = (sha256: string) => `${folder}/${sha256}`;
  return {
    name: folder,
    get: (sha256) => readFile(pathOf(sha256)).then(asBytes, undefinedIfMissing),
    async fetch(download) {
      await mkdir(folder, { recursive: true });
      const path = pathOf(download.sha256);
      const part = `${path}.part`;
      await receive(part, download);
      const bytes = asBytes(await readFile(part));
      const actual = await sha256Of(bytes);
      if (actual !== download.sha256) {
        await rm(part);
        throw new IntegrityError(nameOf(download.url), download.sha256, actual);
      }
      await rename(part, path);
      return bytes;
    },
  };
}

/** Appends to what an earlier attempt left, unless the server starts again. */
async function receive(part: string, download: Download): Promise<void> {
  const { open } = builtin("fs/promises");
  const file = await open(part, "a+");
  try {
    const { size } = await file.stat();
    if (size > 0 && size === download.bytes) return;
    // More than the whole file: it was made for another card.
    const from = download.bytes !== undefined && size > download.bytes ? 0 : size;
    const { start, body } = await requestPieces(download, from);
    await file.truncate(start);
    for await (const piece of body) await file.appendFile(piece);
  } finally {
    await file.close();
  }
}

function asBytes({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function undefinedIfMissing(error: unknown): undefined {
  if ((error as { code?: unknown }).code !== "ENOENT") throw error;
}
