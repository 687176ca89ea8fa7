/** Checks that the results can be written, before any work. @module */

import { statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { OutputFormat } from "../lib/image/files/format.ts";
import { identityOf } from "./identity.ts";
import type { Settings } from "./settings.ts";
import { UsageError } from "./usage_error.ts";
import type { Target } from "./target.ts";
import { inBytes } from "./terminal.ts";
import { reasonOf, unfinishedName } from "./writer.ts";

/**
 * Tries to write into the folders of all results. A target that cannot be written gets a problem and loses its paths.
 *
 * @throws {UsageError} If the place that `-o`, `--out`, `--previews` or `--sheet` names cannot be written.
 */
export async function tryDestinations(
  targets: readonly Target[],
  settings: Settings,
): Promise<Target[]> {
  const { output, out, previews, sheet, skipExisting } = settings;
  const tries = new Map<string, Promise<string | undefined>>();
  const tried = (folder: string) => {
    if (!tries.has(folder)) tries.set(folder, tryFolder(folder, tries));
    return tries.get(folder)!;
  };
  const checked: Target[] = [];
  for (const target of targets) {
    const { input, paths } = target;
    const isThere = skipExisting && (await Promise.all(paths.map(identityOf))).every(Boolean);
    const why = isThere ? undefined : await whyNot(paths, tried);
    const isNamed = output !== undefined || (out !== undefined && await tried(out) !== undefined);
    if (why !== undefined && isNamed) throw new UsageError(why);
    const problem = why === undefined ? input.problem : new Error(why);
    checked.push(problem ? { ...target, input: { ...input, problem }, paths: [] } : target);
  }
  const why = previews !== undefined && await tried(previews) ||
    sheet !== undefined && await whyNot([sheet], tried);
  if (why) throw new UsageError(why);
  return checked;
}

/**
 * Checks that files can be written.
 *
 * @throws {UsageError} If one cannot.
 */
export async function tryFiles(paths: readonly string[]): Promise<void> {
  const tries = new Map<string, Promise<string | undefined>>();
  const why = await whyNot(paths, (folder) => tryFolder(folder, tries));
  if (why !== undefined) throw new UsageError(why);
}

/** Why one of the paths cannot be written, or undefined. */
async function whyNot(
  paths: readonly string[],
  tried: (folder: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  for (const path of paths.filter((path) => path !== "-")) {
    const why = await tried(dirname(path)) ?? await tryFile(path);
    if (why !== undefined) return why;
  }
}

/** Bytes to try with: a full file system still accepts an empty file. */
const TRIAL = new Uint8Array(65_536).fill(0x20);

/** Writes a hidden file into a folder, or into its nearest existing parent, and removes it again. */
async function tryFolder(
  folder: string,
  tries: Map<string, Promise<string | undefined>>,
): Promise<string | undefined> {
  const stat = await Deno.stat(folder).catch((error: Error) => error);
  if (stat instanceof Deno.errors.NotFound && dirname(folder) !== folder) {
    const parent = dirname(folder);
    if (!tries.has(parent)) tries.set(parent, tryFolder(parent, tries));
    return await tries.get(parent);
  }
  if (stat instanceof Error) return `Cannot write into ${folder}: ${reasonOf(stat)}`;
  if (!stat.isDirectory) return `Cannot write into ${folder}: it is not a folder`;
  const trial = join(folder, unfinishedName());
  // Deno may allow a folder that does not exist yet, but not its parent.
  const { state } = await Deno.permissions.query({ name: "write", path: trial });
  if (state !== "granted") return undefined;
  try {
    await Deno.writeFile(trial, TRIAL, { createNew: true });
  } catch (error) {
    return `Cannot write into ${folder}: ${reasonOf(error)}`;
  } finally {
    await Deno.remove(trial).catch(() => {});
  }
}

/** An existing file may be write-protected although its folder is not. */
async function tryFile(path: string): Promise<string | undefined> {
  try {
    (await Deno.open(path, { write: true, create: false })).close();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    return `Cannot write ${path}: ${reasonOf(error)}`;
  }
}

/** Bytes per pixel of a typical photograph in a file. */
const TYPICAL: Record<OutputFormat, number> = { png: 1, jpeg: 0.25, webp: 1 };

/**
 * Refuses results that most likely do not fit on the disk, before they are made.
 *
 * @throws {Error} If less space is free than such an image usually takes.
 */
export async function checkSpace(target: Target, pixels: number): Promise<void> {
  const needed = TYPICAL[target.format] * pixels * target.paths.length;
  const [path] = target.paths;
  if (path === undefined || path === "-") return;
  const free = await freeBytes(dirname(path));
  if (free === undefined || free >= needed) return;
  throw new Error(
    `Cannot write ${path}: the disk has ${inBytes(free)} left, and the result takes about ` +
      `${inBytes(needed)}. Free some space, or write elsewhere with --out`,
  );
}

/** Free bytes in a folder, or in its nearest existing parent; undefined without the permission to ask. */
async function freeBytes(folder: string): Promise<number | undefined> {
  const { state } = await Deno.permissions.query({ name: "sys", kind: "statfs" as "osRelease" });
  if (state !== "granted") return undefined;
  for (let place = folder;; place = dirname(place)) {
    const stat = await statfs(place).catch(() => undefined);
    if (stat) return stat.bavail * stat.bsize;
    if (dirname(place) === place) return undefined;
  }
}
