/** Tells whether two paths lead to one file, through links, other spellings or other folders. @module */

import { basename, dirname, join, resolve } from "node:path";

/** Whether file systems usually treat `A.png` and `a.png` as one name. */
const FOLDS_CASE = Deno.build.os === "darwin" || Deno.build.os === "windows";

/** The identity of an existing file, the same for all paths to it; undefined if it cannot be inspected. */
export async function identityOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await Deno.stat(path);
    return ino ? `${dev}:${ino}` : placeOf(await Deno.realPath(path));
  } catch (error) {
    // A name that is too long, or a link to itself, leads to no file.
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  }
}

/** Where a file would be written: two paths with the same place are one file. */
export async function placeOf(path: string): Promise<string> {
  if (path === "-") return path;
  const target = await destinationOf(path).catch(() => path);
  const place = join(await realFolder(dirname(resolve(target))), basename(target));
  return FOLDS_CASE ? place.normalize("NFC").toLowerCase() : place;
}

/** How many links a path may go through, as in Linux. */
const MOST_LINKS = 40;

/**
 * The path that is written if `path` is a link to a file, whether or not that file exists.
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

/** The real path of a folder whose last parts may not exist yet. */
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
