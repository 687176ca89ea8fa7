/** Turns files, folders, globs and pipes into the list of images to enlarge. @module */

import { basename, join, normalize, relative } from "node:path";
import { isImageName } from "./formats.ts";
import { sniff } from "../lib/image/files/sniff.ts";

/** One thing to enlarge. */
export interface Input {
  /** Its path as a user would type it; `-` is standard input. */
  path: string;
  /** Its path below the output folder: the file's name, or the path below a folder that was given. */
  place: string;
  /** Whether it was found in a folder or by a glob, and not named itself. */
  found?: boolean;
  /** Whether it is a FIFO, which can be read only once and has no content before that. */
  pipe?: boolean;
  /** Why it cannot be enlarged, if that is known before any work. */
  problem?: Error;
}

/** The inputs of a run. */
export interface Inputs {
  /** In the order given; the contents of folders and globs are sorted. */
  inputs: Input[];
  /** Files of folders that are left out, with the reason. */
  skipped: { path: string; why: string }[];
}

/** Stands for bytes in a name that are not UTF-8; a file cannot be opened by such a name. */
const NOT_UTF8 = "\ufffd";

/** Whether an input is a pipe, such as standard input. */
export function isPipe({ path, pipe }: Pick<Input, "path" | "pipe">): boolean {
  return path === "-" || pipe === true;
}

/** Whether a path leads to a FIFO, as `<(command)` does. */
export async function isFifo(path: string): Promise<boolean> {
  return await Deno.stat(path).then((stat) => stat.isFifo === true, () => false);
}

/**
 * Finds the inputs that the arguments name.
 *
 * A folder gives the images below it, in upper or lower case; hidden files are left out, and so is
 * `except`, the output folder. An argument is a glob if no file has its name. An input that cannot be read gets a
 * problem of its own and does not affect the others.
 */
export async function findInputs(args: readonly string[], except?: string): Promise<Inputs> {
  const found: Inputs = { inputs: [], skipped: [] };
  const walk: Walk = { found, except: except && await Deno.realPath(except).catch(() => except) };
  for (const arg of args) await addArgument(walk, arg);
  for (const input of found.inputs) {
    if (!input.found && !isPipe(input)) input.problem ??= await problemOf(input.path);
  }
  return found;
}

interface Walk {
  found: Inputs;
  except?: string;
}

async function addArgument(walk: Walk, arg: string): Promise<void> {
  const { inputs } = walk.found;
  if (arg === "-") return void inputs.push({ path: arg, place: "stdin.png" });
  const place = basename(arg);
  const stat = await Deno.stat(arg).catch((error: Error) => error);
  if (!(stat instanceof Error)) {
    if (stat.isDirectory) return await addFolder(walk, arg, () => true);
    return void inputs.push({ path: arg, place, ...stat.isFifo && { pipe: true } });
  }
  const nowhere = () => void inputs.push({ path: arg, place, problem: unreadable(arg, stat) });
  if (!(stat instanceof Deno.errors.NotFound)) return nowhere();
  // Imported late, since few arguments are globs.
  // @ts-types="npm:@types/picomatch@4.0.3"
  const { default: picomatch } = await import("picomatch");
  const { isGlob, base, glob } = picomatch.scan(arg.replaceAll("\\", "/"));
  if (!isGlob) return nowhere();
  await addFolder(walk, base || ".", picomatch(glob), arg);
}

/** Adds the matching images below a folder; finding none is a problem of its own. */
async function addFolder(
  walk: Walk,
  folder: string,
  matches: (place: string) => boolean,
  named: string = folder,
): Promise<void> {
  const { inputs } = walk.found;
  const before = inputs.length;
  await addEntries(walk, folder, folder, matches);
  if (inputs.length > before) return;
  const why = named === folder ? "there is no image in it" : "no image has such a name";
  const problem = new Error(`Cannot enlarge ${named}: ${why}`);
  inputs.push({ path: named, place: basename(named), problem });
}

async function addEntries(
  walk: Walk,
  root: string,
  folder: string,
  matches: (place: string) => boolean,
): Promise<void> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) names.push(name);
  } catch (cause) {
    const place = relative(normalize(root), folder) || basename(folder);
    walk.found.inputs.push({ path: folder, place, problem: unreadable(folder, cause) });
  }
  for (const name of names.filter((name) => !name.startsWith(".")).sort()) {
    await addEntry(walk, root, join(folder, name), matches);
  }
}

/** Adds one entry of a folder, with its problem if it has one. */
async function addEntry(
  walk: Walk,
  root: string,
  path: string,
  matches: (place: string) => boolean,
): Promise<void> {
  const { inputs, skipped } = walk.found;
  const place = relative(normalize(root), path);
  const link = await Deno.lstat(path).catch(() => undefined);
  const stat = link?.isSymlink ? await Deno.stat(path).catch(() => link) : link;
  if (stat?.isDirectory) {
    if (link?.isSymlink) skipped.push({ path, why: "a link to a folder: give it by its name" });
    else if (await Deno.realPath(path).catch(() => path) !== walk.except) {
      await addEntries(walk, root, path, matches);
    }
    return;
  }
  if (!matches(place.replaceAll("\\", "/"))) return;
  const problem = await problemOf(path);
  if (problem && !isImageName(path)) skipped.push({ path, why: problem.message });
  else inputs.push({ path, place, found: true, problem });
}

/** Checks the first bytes, so that an unknown format fails before any work and takes no output name. */
export async function problemOf(path: string): Promise<Error | undefined> {
  try {
    const stat = await Deno.stat(path);
    // Opening a FIFO waits for a writer, and a device may have no end.
    if (!stat.isFile && !stat.isDirectory) {
      return new Error(`Cannot read ${path}: it is ${kindOf(stat)}, not an ordinary file`);
    }
    using file = await Deno.open(path);
    const head = new Uint8Array(512);
    const read = await file.read(head);
    sniff(head.subarray(0, read ?? 0));
  } catch (error) {
    return unreadable(path, error);
  }
}

function kindOf(stat: Deno.FileInfo): string {
  if (stat.isFifo) return "a FIFO";
  if (stat.isSocket) return "a socket";
  return "a device";
}

/** Describes errors of the file system in words. */
function unreadable(path: string, cause: unknown): Error {
  const because = (why: string) => new Error(why, { cause });
  if (cause instanceof Deno.errors.NotFound) {
    return path.includes(NOT_UTF8)
      ? because(`Cannot read ${path}: its name is not UTF-8. Rename the file`)
      : because(`Cannot find ${path}: there is no such file or folder`);
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return because(`Cannot read ${path}: this user has no permission to`);
  }
  if (cause instanceof Deno.errors.IsADirectory) {
    return because(`Cannot read ${path}: it is a folder`);
  }
  if (cause instanceof Deno.errors.FilesystemLoop) {
    return because(`Cannot read ${path}: it is a link that leads back to itself`);
  }
  return cause instanceof Error ? cause : new Error(String(cause));
}
