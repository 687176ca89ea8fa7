/** The sets of a run. @module */

import { readImage } from "../lib/image/files/read.ts";
import { degraded } from "./degrade.ts";
import { exists } from "./files.ts";
import type { Method } from "./methods/method.ts";
import { pairsOf, type Protocol, protocolOf } from "./protocols.ts";
import type { BenchRecord } from "./record.ts";
import { type BenchSet, digestOf, findReal, findSet, type RealSet } from "./sets.ts";
import type { Task } from "./runner.ts";
import type { Settings } from "./settings.ts";

/** Sets that are measured if none is named, each with the folders that hold it. */
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

/** Which images of a set are taken, and how their inputs are damaged. */
export interface TaskOptions {
  /**
   * Only the first images.
   *
   * @default {Infinity}
   */
  readonly limit?: number;
  /**
   * Name of a track of {@linkcode tracks}.
   *
   * @default {"clean"}
   */
  readonly track?: string;
}

/** Where damaged inputs are kept. */
const CACHE = new URL("../runs/tracks", import.meta.url).pathname;

/** Opens a set at one scale under a protocol. */
export async function openTask(
  data: string,
  name: string,
  scale: number,
  protocol: Protocol,
  { limit = Infinity, track = "clean" }: TaskOptions = {},
): Promise<Task> {
  const found = await findSet(data, name, scale);
  const part: BenchSet = { ...found, images: found.images.slice(0, limit) };
  const set = await degraded(part, track, CACHE);
  return await taskOf(set, found.images.length, protocol);
}

async function taskOf(set: BenchSet, whole: number, protocol: Protocol): Promise<Task> {
  const cut = protocol.name === "whole" ? "" : ` ${protocol.name}`;
  const read = (image: string) =>
    pairsOf(set.images.find(({ name }) => name === image)!, set, protocol);
  return {
    set: await recordOf(set, whole, cut, protocol.what),
    images: set.images.map(({ name }) => name),
    read,
    async *pairs() {
      for (const { name } of set.images) yield* await read(name);
    },
  };
}

async function recordOf(set: BenchSet | RealSet, whole: number, cut: string, protocol: string) {
  const part = set.images.length < whole ? ` (first ${set.images.length})` : "";
  return {
    key: `${set.name}x${set.scale}${cut}${part}`,
    name: set.name,
    scale: set.scale,
    protocol,
    images: set.images.length,
    digest: await digestOf(set),
  };
}

/**
 * Opens a folder of images that have no truth.
 *
 * @throws {Error} If there is no image in it.
 */
async function openRealTask(folder: string, scale: number, limit = Infinity): Promise<Task> {
  const found = await findReal(folder, scale);
  const set = { ...found, images: found.images.slice(0, limit) };
  const facts = await recordOf(set, found.images.length, "", "whole images without a truth");
  return {
    set: { ...facts, isReal: true },
    images: set.images.map(({ name }) => name),
    async read(image) {
      const { low } = set.images.find(({ name }) => name === image)!;
      return [{ name: image, low: await readImage(low) }];
    },
    async *pairs() {},
  };
}

/**
 * Opens the sets at every scale that a method has, and adds them to the record.
 *
 * @throws {Error} If there is none, or two have the same name.
 */
export async function openTasks(
  settings: Settings,
  methods: readonly Method[],
  record: BenchRecord,
): Promise<Task[]> {
  const protocol = protocolOf(settings.protocol);
  if (settings.degrade && protocol.name !== "whole") {
    throw new RangeError(
      `Cannot damage the inputs (--degrade) under the protocol ${protocol.name}: only whole images`,
    );
  }
  const own = methods.map((method) => method.scale).filter((scale) => scale !== undefined);
  const scales = settings.scale ??
    (protocol.scale ? [protocol.scale] : [...new Set(own)].sort((a, b) => a - b));
  const tasks: Task[] = [];
  for (const scale of scales.length > 0 ? scales : [4]) {
    const names = settings.set ?? (settings.real.length > 0 ? [] : await setsBelow(settings.data));
    for (const name of names) {
      for (const track of settings.degrade ?? ["clean"]) {
        const options = { limit: settings.images, track };
        tasks.push(await openTask(settings.data, name, scale, protocol, options));
      }
    }
    for (const folder of settings.real) {
      tasks.push(await openRealTask(folder, scale, settings.images));
    }
  }
  if (tasks.length === 0) {
    throw new Error(
      `Cannot find a set below ${settings.data}: give --data, or --set with a folder of images`,
    );
  }
  checkKeys(tasks);
  for (const { name, scale } of methods) {
    if (scale === undefined || tasks.some(({ set }) => set.scale === scale)) continue;
    record.notes.push(`${name}: not measured, since it only enlarges x${scale}`);
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
    `Cannot measure two sets with the name "${twice}": rename one of the folders, or measure them in ` +
      `two runs with another --out`,
  );
}
