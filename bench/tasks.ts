/** The sets of a run. @module */

import { exists } from "./files.ts";
import { type BenchSet, digestOf, findSet } from "./sets.ts";
import { pairsOf, type Protocol } from "./protocols.ts";
import type { Task } from "./runner.ts";

/** Sets that are looked for when none is named, and a folder that tells that one is there. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  Set5: ["Set5"],
  Set14: ["Set14"],
  BSD100: ["BSD100"],
  Urban100: ["Urban100"],
  CID22val: ["CID22val"],
  DIV2K: ["DIV2K", "DIV2K_valid_HR"],
  Kodak: ["Kodak"],
};

/** Names of the known sets that a folder holds. */
export async function setsBelow(data: string): Promise<string[]> {
  const found: string[] = [];
  for (const [name, folders] of Object.entries(KNOWN)) {
    const there = await Promise.all(folders.map((folder) => exists(`${data}/${folder}`)));
    if (there.includes(true)) found.push(name);
  }
  return found;
}

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
  const read = (image: string) =>
    pairsOf(set.images.find(({ name }) => name === image)!, set, protocol);
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
    images: set.images.map(({ name }) => name),
    read,
    async *pairs() {
      for (const { name } of set.images) yield* await read(name);
    },
  };
}
