/** Downloads kept in a folder, named by their SHA-256. @module */

import { builtin } from "../platform.ts";
import { sha256Of } from "../sha256.ts";
import type { DownloadCache, Sink } from "./cache.ts";
import { cacheFolder } from "./cache_folder.ts";
import { readFile } from "./file.ts";
import { limits } from "./limits.ts";
import { parseUnfinished, unfinishedName, type Version } from "./unfinished.ts";

/**
 * Milliseconds after which an unfinished file is abandoned: a running download adds to its file, or
 * fails, within its timeout.
 */
const ABANDONED = 120_000;

/** Work of this program on the same file, one after the other. */
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
    const sink = await openSink(folder, await takeUnfinished(folder, sha256)).catch((error) => {
      throw unwritable(folder, error);
    });
    try {
      const bytes = await work(sink);
      await sink.close();
      await rename(sink.path, `${folder}/${sha256}`);
      await dropLeft(folder, sha256);
      return bytes;
    } catch (error) {
      await sink.close();
      if (sink.size === 0) await rm(sink.path, { force: true });
      else await rename(sink.path, `${folder}/${unfinishedName(sha256, sink.version)}`);
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
        // If the cache cannot be written, the first file that must be kept reports it.
      }
    },
  };
}

/** A file that one download writes. */
interface Unfinished {
  sha256: string;
  owner: string;
  version?: Version;
}

/**
 * An unfinished file that nobody else writes to. A file that an earlier attempt left, of this program or of another
 * one, is taken over by renaming it, which only one of several processes can do.
 */
async function takeUnfinished(folder: string, sha256: string): Promise<Unfinished> {
  const { readdir, rename, stat, utimes } = builtin("fs/promises");
  const owner = crypto.randomUUID();
  for (const name of await readdir(folder)) {
    const found = parseUnfinished(name);
    if (found?.sha256 !== sha256) continue;
    const path = `${folder}/${name}`;
    const isFree = found.owner === undefined ||
      await stat(path).then(({ mtimeMs }) => Date.now() - mtimeMs > ABANDONED, () => false);
    if (!isFree) continue;
    const mine = { sha256, owner, version: found.version };
    try {
      // Before it has a new owner, who would seem to have left it long ago.
      await utimes(path, new Date(), new Date());
      await rename(path, `${folder}/${nameOf(mine)}`);
      return mine;
    } catch {
      // Another process was faster.
    }
  }
  return { sha256, owner };
}

function nameOf({ sha256, owner, version }: Unfinished): string {
  return unfinishedName(sha256, version, owner);
}

/** Removes the unfinished files of other attempts once the file is complete. */
async function dropLeft(folder: string, sha256: string): Promise<void> {
  const { readdir, rm } = builtin("fs/promises");
  for (const name of await readdir(folder)) {
    const found = parseUnfinished(name);
    if (found?.sha256 !== sha256 || found.owner !== undefined) continue;
    await rm(`${folder}/${name}`, { force: true });
  }
}

async function openSink(
  folder: string,
  unfinished: Unfinished,
): Promise<Sink & { readonly path: string; close(): Promise<void> }> {
  const { open, rename } = builtin("fs/promises");
  let { version } = unfinished;
  const path = () => `${folder}/${nameOf({ ...unfinished, version })}`;
  const file = await open(path(), "a+");
  let { size } = await file.stat();
  const setVersion = async (next?: Version) => {
    if (next?.tag === version?.tag && next?.place === version?.place) return;
    const before = path();
    version = next;
    await rename(before, path());
  };
  return {
    get path() {
      return path();
    },
    get size() {
      return size;
    },
    get version() {
      return version;
    },
    setVersion,
    async write(piece) {
      await file.appendFile(piece).catch((error) => {
        throw unwritable(folder, error);
      });
      size += piece.length;
    },
    async clear() {
      await file.truncate(0);
      size = 0;
      await setVersion();
    },
    bytes: () => readFile(path(), limits.graph),
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
