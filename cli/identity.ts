/** When two paths mean one file: links, other spellings, other ways through the folders. @module */

import { basename, dirname, join, resolve } from "node:path";

/** File systems that take `A.png` and `a.png` for one name. */
const FOLDS_CASE = Deno.build.os === "darwin" || Deno.build.os === "windows";

/** What an existing file is, whatever leads to it; undefined where there is none. */
export async function identityOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await Deno.stat(path);
    return ino ? `${dev}:${ino}` : placeOf(await Deno.realPath(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

/** Where a file would be written: two paths with one place are one file. */
export async function placeOf(path: string): Promise<string> {
  if (path === "-") return path;
  const place = join(await realFolder(dirname(resolve(path))), basename(path));
  return FOLDS_CASE ? place.normalize("NFC").toLowerCase() : place;
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
