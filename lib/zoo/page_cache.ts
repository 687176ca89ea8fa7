/** Downloads kept in the Cache API of a page. @module */

import { IntegrityError } from "../errors.ts";
import { sha256Of } from "../sha256.ts";
import { requestPieces, type WeightCache } from "./cache.ts";
import { nameOf } from "./source.ts";

/** Opens the cache of this page's origin. */
export async function openPageCache(): Promise<WeightCache> {
  const cache = await caches.open("srzoo");
  const keyOf = (sha256: string) => new URL(`/srzoo/${sha256}`, globalThis.location.href);
  return {
    name: "this page's cache",
    async get(sha256) {
      const kept = await cache.match(keyOf(sha256));
      return kept && new Uint8Array(await kept.arrayBuffer());
    },
    async fetch(download) {
      const { body } = await requestPieces(download, 0);
      const pieces = await Array.fromAsync(body) as Uint8Array<ArrayBuffer>[];
      const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer());
      const actual = await sha256Of(bytes);
      if (actual !== download.sha256) {
        throw new IntegrityError(nameOf(download.url), download.sha256, actual);
      }
      await cache.put(keyOf(download.sha256), new Response(bytes));
      return bytes;
    },
  };
}
