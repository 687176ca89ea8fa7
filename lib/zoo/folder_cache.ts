/** Downloads kept in a folder, named by their SHA-256. @module */

import { builtin } from "../platform.ts";
import { sha256Of } from "../sha256.ts";
import type { DownloadCache, Sink } from "./cache.ts";
import { cacheFolder } from "./cache_folder.ts";
import { readFile } from "./file.ts";
import { limits } from "./limits.ts";

/**
 * Milliseconds after which an unfinished file belongs to nobody: a living download adds to its own, or
 * fails, within its time-out.
 */
const ABANDONED = 120_000;

/** Work on the same file of this program, one after the other. */
const working = new Map<string, Promise<unknown>>();

/** Opens the cache; its folder is made with the first download. */
export function openFolderCache(folder: string = cacheFolder()): DownloadCache {
  const { mkdir, rename, rm, writeFile } = builtin("fs/promises");
  const textPath = async (url: URL) =>
    `${folder}/texts/${await sha256Of(new TextEncoder().encode(url.href))}`;

  async function keepNow(
    sha256: string,
    work: (sink: Sink) => Promise<Uint8Array<ArrayBuffer>>,
  ): Promise<Uint8Array<ArrayBuffer>> {
    await mkdir(folder, { recursive: true }).catch((error) => {
      throw unwritable(folder, error);
    });
    const part = await takePart(folder, sha256);
    const sink = await openSink(part).catch((error) => {
      throw unwritable(folder, error);
    });
    try {
      const bytes = await work(sink);
      await sink.close();
      await rename(part, `${folder}/${sha256}`);
      return bytes;
    } catch (error) {
      await sink.close();
      if (sink.size === 0) await rm(part, { force: true });
      else await rename(part, `${folder}/${sha256}.part`);
      throw error;
    }
  }

  return {
    name: folder,
    get: (sha256) => readFile(`${folder}/${sha256}`, limits.graph).catch(undefinedIfMissing),
    keep(sha256, work) {
      const key = `${folder}/${sha256}`;
      const before = working.get(key) ?? Promise.resolve();
      const mine = before.then(() => keepNow(sha256, work));
      const settled = mine.catch(() => {}).finally(() => {
        if (working.get(key) === settled) working.delete(key);
      });
      working.set(key, settled);
      return mine;
    },
    getText: async (url) =>
      await readFile(await textPath(url), limits.index).catch(undefinedIfMissing),
    async keepText(url, text) {
      try {
        const path = await textPath(url);
        await mkdir(`${folder}/texts`, { recursive: true });
        const part = `${path}.${crypto.randomUUID()}.part`;
        await writeFile(part, text);
        await rename(part, path);
      } catch {
        // A cache that cannot be written is told with the first file that must be kept.
      }
    },
  };
}

/**
 * The path of an unfinished file that nobody else writes to. What an earlier attempt left is taken over
 * by renaming it, which only one of several processes can do.
 */
async function takePart(folder: string, sha256: string): Promise<string> {
  const { readdir, rename, stat } = builtin("fs/promises");
  const mine = `${folder}/${sha256}.${crypto.randomUUID()}.part`;
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${sha256}.`) || !name.endsWith(".part")) continue;
    const path = `${folder}/${name}`;
    const isFree = name === `${sha256}.part` ||
      await stat(path).then(({ mtimeMs }) => Date.now() - mtimeMs > ABANDONED, () => false);
    if (isFree && await rename(path, mine).then(() => true, () => false)) break;
  }
  return mine;
}

async function openSink(path: string): Promise<Sink & { close(): Promise<void> }> {
  const { open } = builtin("fs/promises");
  const file = await open(path, "a+");
  let { size } = await file.stat();
  return {
    get size() {
      return size;
    },
    async write(piece) {
      await file.appendFile(piece).catch((error) => {
        throw unwritable(path.slice(0, path.lastIndexOf("/")), error);
      });
      size += piece.length;
    },
    async clear() {
      await file.truncate(0);
      size = 0;
    },
    bytes: () => readFile(path, limits.graph),
    close: () => file.close(),
  };
}

function unwritable(folder: string, cause: Error): Error {
  return new Error(
    `Cannot keep downloads in ${folder}: ${cause.message}. Set SRZOO_CACHE to a folder that can be ` +
      "written",
    { cause },
  );
}

function undefinedIfMissing(error: unknown): undefined {
  const { code } = error as { code?: unknown };
  if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
}
