/** A page that enlarges an image and reports what it keeps, for {@linkcode ./cache_test.ts}. @module */

import { load } from "../../mod.ts";

/** What the page did. */
export interface Outcome {
  pixels: number[];
  isSecure: boolean;
  /** Files kept in the Cache API; `undefined` without such an API. */
  kept?: number;
}

async function enlarge(): Promise<Outcome> {
  const entry = {
    provider: "wasm",
    zoo: "zoo/",
    wasmPaths: "/ort/",
    worker: "library.js",
  } as const;
  await using upscaler = await load("regression", entry);
  const { images: [image] } = await upscaler.upscale("small.png");
  const cache = await globalThis.caches?.open("srzoo");
  return {
    pixels: [...image.data],
    isSecure: isSecureContext,
    kept: (await cache?.keys())?.length,
  };
}

Object.assign(globalThis, { enlarge });
