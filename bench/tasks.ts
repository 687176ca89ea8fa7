/** The sets of a run. @module */

import { exists } from "./files.ts";
import type { Method } from "./methods/method.ts";
import { pairsOf, type Protocol, protocolOf } from "./protocols.ts";
import type { BenchRecord } from "./record.ts";
import { type BenchSet, digestOf, findSet } from "./sets.ts";
import type { Task } from "./runner.ts";
import type { Settings } from "./settings.ts";

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
async function setsBelow(data: string): Promise<string[]> {
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

/**
 * Opens the sets at every scale that a method asks for, and notes them in the record.
 *
 * @throws {Error} If there is none, or two have the same name.
 */
export async function openTasks(
  settings: Settings,
  methods: readonly Method[],
  record: BenchRecord,
): Promise<Task[]> {
  const protocol = protocolOf(settings.protocol);
  const own = methods.map((method) => method.scale).filter((scale) => scale !== undefined);
  const scales = settings.scale ??
    (protocol.scale ? [protocol.scale] : [...new Set(own)].sort((a, b) => a - b));
  const tasks: Task[] = [];
  for (const scale of scales.length > 0 ? scales : [4]) {
    for (const name of settings.set ?? await setsBelow(settings.data)) {
      tasks.push(await openTask(settings.data, name, scale, protocol, settings.images));
    }
  }
  if (tasks.length === 0) {
    throw new Error(
      `Cannot find a set below ${settings.data}: give --data, or --set with a folder of pictures`,
    );
  }
  checkKeys(tasks);
  for (const { name, scale } of methods) {
    if (scale === undefined || tasks.some(({ set }) => set.scale === scale)) continue;
    record.notes.push(`${name}: not measured, since it enlarges x${scale} alone`);
  }
  const isOpened = (key: string) => tasks.some(({ set }) => set.key === key);
  record.sets = [
    ...tasks.map(({ set }) => set),
    ...record.sets.filter(({ key }) => !isOpened(key)),
  ];
  return tasks;
}

/** Two folders of the same name would overwrite each other's figures. */
function checkKeys(tasks: readonly Task[]): void {
  const keys = tasks.map(({ set }) => set.key);
  const twice = keys.find((key, i) => keys.indexOf(key) !== i);
  if (twice === undefined) return;
  throw new Error(
    `Cannot measure two sets of the name "${twice}": rename one of the folders, or measure them in ` +
      `two runs with another --out`,
  );
}
