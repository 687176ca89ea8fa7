/** Files, folders, globs and `-` become the list of pictures to enlarge. @module */

import { basename, join, normalize, relative } from "node:path";
// @ts-types="npm:@types/picomatch@4.0.3"
import picomatch from "picomatch";
import { sniff } from "../lib/image/containers/sniff.ts";

/** One thing to enlarge. */
export interface Input {
  /** Its path as the user may type it; `-` is standard input. */
  path: string;
  /** Its place below the output folder: the file's name, or the path below a folder that was given. */
  place: string;
  /** Whether it was found in a folder or by a glob, not named. */
  found?: boolean;
  /** Why it cannot be done, when that is known before any work. */
  problem?: Error;
}

/** What was found. */
export interface Inputs {
  /** In the order given, the content of folders and globs sorted. */
  inputs: Input[];
  /** Files of folders that are left alone, with the reason. */
  skipped: { path: string; why: string }[];
}

/** Extensions of what a user takes for a picture, whether it can be read here or not. */
const PICTURE =
  /\.(png|apng|jpe?g|jpe|jfif|webp|gif|bmp|dib|tiff?|avif|hei[cf]|jxl|jp2|ico|psd|svg)$/i;

/**
 * Finds the inputs that the arguments name.
 *
 * A folder gives the pictures below it, whatever their case; hidden files are left out, and so is
 * `except`, the output folder. An argument is a glob if no file has its name.
 */
export async function findInputs(args: readonly string[], except?: string): Promise<Inputs> {
  const found: Inputs = { inputs: [], skipped: [] };
  const walk: Walk = { found, except: except && await Deno.realPath(except).catch(() => except) };
  for (const arg of args) await addArgument(walk, arg);
  for (const input of found.inputs) {
    if (input.path !== "-" && !input.found) input.problem ??= await problemOf(input.path);
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
  const stat = await Deno.stat(arg).catch((error: Error) => error);
  if (!(stat instanceof Error)) {
    if (stat.isDirectory) return await addFolder(walk, arg, () => true);
    return void inputs.push({ path: arg, place: basename(arg) });
  }
  const { isGlob, base, glob } = picomatch.scan(arg.replaceAll("\\", "/"));
  if (!(stat instanceof Deno.errors.NotFound) || !isGlob) {
    return void inputs.push({ path: arg, place: basename(arg), problem: unreadable(arg, stat) });
  }
  await addFolder(walk, base || ".", picomatch(glob), arg);
}

/** Adds what lies below a folder and matches; finding nothing is an error of its own. */
async function addFolder(
  walk: Walk,
  folder: string,
  matches: (place: string) => boolean,
  named: string = folder,
): Promise<void> {
  const { inputs } = walk.found;
  const before = inputs.length;
  try {
    await addEntries(walk, folder, folder, matches);
  } catch (problem) {
    inputs.push({ path: named, place: basename(named), problem: unreadable(named, problem) });
  }
  if (inputs.length > before) return;
  const problem = new Error(`Cannot enlarge ${named}: no picture is there`);
  inputs.push({ path: named, place: basename(named), problem });
}

async function addEntries(
  walk: Walk,
  root: string,
  folder: string,
  matches: (place: string) => boolean,
): Promise<void> {
  const { inputs, skipped } = walk.found;
  const names: string[] = [];
  for await (const entry of Deno.readDir(folder)) names.push(entry.name);
  for (const name of names.filter((name) => !name.startsWith(".")).sort()) {
    const path = join(folder, name);
    const place = relative(normalize(root), path);
    const link = await Deno.lstat(path);
    const stat = link.isSymlink ? await Deno.stat(path).catch(() => link) : link;
    if (stat.isDirectory) {
      if (link.isSymlink) skipped.push({ path, why: "a link to a folder: give it by its name" });
      else if (await Deno.realPath(path) !== walk.except) {
        await addEntries(walk, root, path, matches);
      }
    } else if (!matches(place.replaceAll("\\", "/"))) continue;
    else {
      const problem = await problemOf(path);
      if (problem && !PICTURE.test(name)) skipped.push({ path, why: problem.message });
      else inputs.push({ path, place, found: true, problem });
    }
  }
}

/** Looks at the first bytes: an unknown format fails before any work, and takes no output's name. */
async function problemOf(path: string): Promise<Error | undefined> {
  try {
    using file = await Deno.open(path);
    const head = new Uint8Array(512);
    const read = await file.read(head);
    sniff(head.subarray(0, read ?? 0));
  } catch (error) {
    return unreadable(path, error);
  }
}

/** Says in words what the system says in codes. */
function unreadable(path: string, cause: unknown): Error {
  if (cause instanceof Deno.errors.NotFound) {
    return new Error(`Cannot find ${path}: there is no such file or folder`, { cause });
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return new Error(`Cannot read ${path}: the system denies it to this user`, { cause });
  }
  if (cause instanceof Deno.errors.IsADirectory) {
    return new Error(`Cannot read ${path}: it is a folder`, { cause });
  }
  return cause instanceof Error ? cause : new Error(String(cause));
}
