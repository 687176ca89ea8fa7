/** Downloads kept in the Cache API of a page. @module */

import { joined } from "../bytes.ts";
import type { DownloadCache, Sink } from "./cache.ts";
import type { Version } from "./unfinished.ts";

/** Opens the cache of this page's origin; in an insecure context there is none, and nothing is kept. */
export async function openPageCache(): Promise<DownloadCache> {
  const cache = await globalThis.caches?.open("srzoo").catch(() => undefined);
  const keyOf = (name: string) => new URL(`/srzoo/${name}`, globalThis.location.href);
  const textKey = (url: URL) => keyOf(`texts/${encodeURIComponent(url.href)}`);

  async function get(key: URL) {
    const kept = await cache?.match(key);
    return kept && new Uint8Array(await kept.arrayBuffer());
  }

  async function put(key: URL, bytes: Uint8Array<ArrayBuffer>) {
    // A full store is no reason to fail: the bytes are here, and are fetched again next time.
    await cache?.put(key, new Response(bytes)).catch(() => {});
  }

  return {
    name: "this page's cache",
    get: (sha256) => get(keyOf(sha256)),
    async keep(sha256, work) {
      const bytes = await work(memorySink());
      await put(keyOf(sha256), bytes);
      return bytes;
    },
    getText: (url) => get(textKey(url)),
    keepText: (url, text) => put(textKey(url), text),
  };
}

function memorySink(): Sink {
  let pieces: Uint8Array[] = [];
  let size = 0;
  let version: Version | undefined;
  return {
    get size() {
      return size;
    },
    get version() {
      return version;
    },
    setVersion(next) {
      version = next;
      return Promise.resolve();
    },
    write(piece) {
      pieces.push(piece);
      size += piece.length;
      return Promise.resolve();
    },
    clear() {
      pieces = [];
      size = 0;
      version = undefined;
      return Promise.resolve();
    },
    bytes: () => Promise.resolve(joined(pieces)),
  };
}
