/** Refuses conflicts before any work: two results with one name, a result that is an input, or no ordinary file. @module */

import { join } from "node:path";
import { formatOf, isForeign } from "./formats.ts";
import { identityOf, placeOf } from "./identity.ts";
import { isPipe } from "./inputs.ts";
import type { Settings } from "./settings.ts";
import { UsageError } from "./usage_error.ts";
import type { Target } from "./target.ts";

/** Leaves out files of a folder that are results of other inputs. */
export async function withoutOwnResults(targets: readonly Target[]): Promise<Target[]> {
  const results = new Set<string>();
  for (const { paths } of targets) for (const path of paths) results.add(await placeOf(path));
  const kept: Target[] = [];
  for (const target of targets) {
    const { found, path } = target.input;
    if (!found || !results.has(await placeOf(path))) kept.push(target);
  }
  return kept;
}

/** Refuses two results, two sets of previews, or a result and the sheet, with the same name. */
export async function refuseCollisions(
  targets: readonly Target[],
  settings: Settings,
): Promise<void> {
  const owners = new Map<string, string>();
  const sheet = settings.sheet === undefined ? undefined : await placeOf(settings.sheet);
  for (const { input, paths, preview } of targets) {
    const previews = settings.previews === undefined || paths.length === 0
      ? []
      : [join(settings.previews, preview)];
    for (const path of [...paths, ...previews]) {
      const place = await placeOf(path);
      if (place === sheet) {
        throw new UsageError(
          `the result of ${input.path} and the sheet would both be written to ${path}: give the sheet ` +
            "another name",
        );
      }
      const owner = owners.get(place);
      owners.set(place, input.path);
      if (owner === undefined) continue;
      throw new UsageError(
        owner === input.path
          ? `${owner} is given twice, or its results and previews share the name ${path}`
          : `${owner} and ${input.path} would both be written to ${path}: run them separately, or rename one`,
      );
    }
  }
}

/** Refuses a result or a sheet that is an input, even through a link or another spelling. */
export async function refuseInputs(
  targets: readonly Target[],
  { sheet, truth }: Pick<Settings, "sheet" | "truth"> = {},
): Promise<void> {
  const inputs = new Map<string, string>();
  const shown = truth === undefined ? undefined : await identityOf(truth);
  if (shown !== undefined) inputs.set(shown, truth!);
  for (const { input } of targets) {
    const identity = isPipe(input) ? undefined : await identityOf(input.path);
    if (identity !== undefined) inputs.set(identity, input.path);
  }
  const sheets = sheet === undefined ? [] : [sheet];
  for (const path of [...targets.flatMap(({ paths }) => paths), ...sheets]) {
    const identity = path === "-" ? undefined : await identityOf(path);
    const input = identity === undefined ? undefined : inputs.get(identity);
    if (input !== undefined) {
      throw new UsageError(
        `${path} would overwrite the input ${input}: name another file or folder`,
      );
    }
  }
}

/**
 * Refuses a folder or a device where a file is wanted, and a file where a folder is wanted.
 *
 * @param instead What to write if `output` is this folder.
 */
export async function checkFolders(
  { output, sheet, out, previews }: Pick<Settings, "output" | "sheet" | "out" | "previews">,
  instead: (folder: string) => string = (folder) => `--out ${folder}`,
): Promise<void> {
  for (const folder of [out, previews]) {
    if (folder !== undefined && (await stat(folder))?.isDirectory === false) {
      throw new UsageError(`${folder} is not a folder: give the name of a folder, or a new name`);
    }
  }
  // Most programs take a file after --out.
  if (out !== undefined && formatOf(out) && !await stat(out)) {
    throw new UsageError(`--out names a folder, and ${out} looks like a file: write -o ${out}`);
  }
  const file = output === undefined || output === "-" ? undefined : await stat(output);
  if (output !== undefined && await isFolder(output)) {
    throw new UsageError(`-o names a file, and ${output} is a folder: write ${instead(output)}`);
  }
  if (file && !file.isFile) {
    throw new UsageError(`${output} is not an ordinary file: write -o - and redirect it there`);
  }
  if (sheet === undefined) return;
  if ((await stat(sheet))?.isFile === false || await isFolder(sheet)) {
    throw new UsageError(`--sheet ${sheet} is not an ordinary file: give it another name`);
  }
  if (isForeign(sheet) || (formatOf(sheet) ?? "png") !== "png") {
    throw new UsageError(
      `--sheet ${sheet}: it is written as PNG, so name a file that ends in .png`,
    );
  }
}

function stat(path: string): Promise<Deno.FileInfo | undefined> {
  return Deno.stat(path).catch(() => undefined);
}

/** Whether a path is that of a folder or, such as `a/`, could only be one. */
async function isFolder(path: string): Promise<boolean> {
  return path === "" || /[\\/]$/.test(path) || (await stat(path))?.isDirectory === true;
}
