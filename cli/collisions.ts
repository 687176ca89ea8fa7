/** Conflicts that are refused before any work: two results with one name, an input, or something that is not a file. @module */

import { join } from "node:path";
import { identityOf, placeOf } from "./identity.ts";
import { isPipe } from "./inputs.ts";
import { type Settings, UsageError } from "./settings.ts";
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

/** Refuses two results, or two sets of previews, with the same name. */
export async function refuseCollisions(
  targets: readonly Target[],
  settings: Settings,
): Promise<void> {
  const owners = new Map<string, string>();
  for (const { input, paths, preview } of targets) {
    const previews = settings.previews === undefined || paths.length === 0
      ? []
      : [join(settings.previews, preview)];
    for (const path of [...paths, ...previews]) {
      const place = await placeOf(path);
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

/** Refuses a result that is an input, also through a link or another spelling. */
export async function refuseInputs(targets: readonly Target[]): Promise<void> {
  const inputs = new Map<string, string>();
  for (const { input } of targets) {
    const identity = isPipe(input) ? undefined : await identityOf(input.path);
    if (identity !== undefined) inputs.set(identity, input.path);
  }
  for (const path of targets.flatMap(({ paths }) => paths)) {
    const identity = path === "-" ? undefined : await identityOf(path);
    const input = identity === undefined ? undefined : inputs.get(identity);
    if (input !== undefined) {
      throw new UsageError(
        `${path} would overwrite the input ${input}: name another file or folder`,
      );
    }
  }
}

/** Refuses a folder where a file is wanted, and the other way round. */
export async function checkFolders({ output, out, previews }: Settings): Promise<void> {
  const stat = (path: string) => Deno.stat(path).catch(() => undefined);
  for (const folder of [out, previews]) {
    if (folder !== undefined && (await stat(folder))?.isDirectory === false) {
      throw new UsageError(`${folder} is not a folder: give the name of a folder, or a new name`);
    }
  }
  const file = output === undefined || output === "-" ? undefined : await stat(output);
  if (file?.isDirectory) throw new UsageError(`${output} is a folder: write --out ${output}`);
  if (file && !file.isFile) {
    throw new UsageError(`${output} is not an ordinary file: write -o - and redirect it there`);
  }
}
