/** The sets of a run. @module */

import { type BenchSet, digestOf, findSet } from "./sets.ts";
import { pairsOf, type Protocol } from "./protocols.ts";
import type { Task } from "./runner.ts";

/** Sets that are looked for when none is named. */
export const knownSets: readonly string[] = [
  "Set5",
  "Set14",
  "BSD100",
  "Urban100",
  "CID22val",
  "DIV2K",
  "Kodak",
];

/** Opens a set at one scale under a protocol. */
export async function openTask(
  data: string,
  name: string,
  scale: number,
  protocol: Protocol,
  limit = Infinity,
): Promise<Task> {
  const found = await findSet(data, name, scale);
  const set: BenchSet = { ...found, images: found.images.slice(0, limit) };
  const cut = protocol.name === "whole" ? "" : ` ${protocol.name}`;
  const part = set.images.length < found.images.length ? ` (first ${limit})` : "";
  return {
    set: {
      key: `${set.name}x${scale}${cut}${part}`,
      name: set.name,
      scale,
      protocol: protocol.what,
      images: set.images.length,
      digest: await digestOf(set),
    },
    async *pairs() {
      for (const image of set.images) yield* await pairsOf(image, set, protocol);
    },
  };
}
