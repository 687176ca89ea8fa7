/** When two paths mean one file: links, other spellings, other ways through the folders. @module */

import { basename, dirname, join, resolve } from "node:path";

/** File systems that take `A.png` and `a.png` for one name. */
const FOLDS_CASE = Deno.build.os === "darwin" || Deno.build.os === "windows";

/** What an existing file is, whatever leads to it; undefined where there is none that can be looked at. */
export async function identityOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await Deno.stat(path);
    return ino ? `${dev}:${ino}` : placeOf(await Deno.realPath(path));
  } catch (error) {
    // Neither a name that is too long nor a link to itself is anybody's file.
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  }
}

/** Where a file would be written: two paths with one place are one file. */
export async function placeOf(path: string): Promise<string> {
  if (path === "-") return path;
  const target = await destinationOf(path).catch(() => path);
  const place = join(await realFolder(dirname(resolve(target))), basename(target));
  return FOLDS_CASE ? place.normalize("NFC").toLowerCase() : place;
}

/** Links that a path may go through: as many as Linux follows. */
const MOST_LINKS = 40;

/**
 * The path that is written where `path` is a link to a file, be that file there or not.
 *
 * @throws {Error} If the link leads back to itself.
 */
export async function destinationOf(path: string): Promise<string> {
  let place = path;
  for (let links = 0; links < MOST_LINKS; links++) {
    const stat = await Deno.lstat(place).catch(() => undefined);
    if (!stat?.isSymlink) return place;
    place = resolve(dirname(place), await Deno.readLink(place));
  }
  throw new Error(`Cannot write ${path}: it is a link that leads back to itself`);
}

const folders = new Map<string, Promise<string>>();

/** The real path of a folder, of which the last parts may not be there yet. */
function realFolder(folder: string): Promise<string> {
  const known = folders.get(folder);
  if (known) return known;
  const real = Deno.realPath(folder).catch(async (error) => {
    const parent = dirname(folder);
    if (!(error instanceof Deno.errors.NotFound) || parent === folder) return folder;
    return join(await realFolder(parent), basename(folder));
  });
  folders.set(folder, real);
  return real;
}
