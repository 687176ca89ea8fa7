/** The targets of a run: named, tried, and refused before any work where they cannot be. @module */

import { refuseCollisions, refuseInputs, withoutOwnResults } from "./collisions.ts";
import { tryDestinations } from "./destinations.ts";
import type { Input } from "./inputs.ts";
import { type Settings, UsageError } from "./settings.ts";
import { nameTarget, type Naming, type Target } from "./target.ts";

/**
 * Names all results and tries their places.
 *
 * Images of a folder that are results of others there are left out, so that a command can be run again.
 *
 * @throws {UsageError} If two results have one name, or one is an input, or `-o` cannot hold them all, or
 * nothing can be written where `-o` or `--out` say.
 */
export async function planTargets(
  inputs: readonly Input[],
  settings: Settings,
  naming: Naming,
): Promise<Target[]> {
  if (settings.output !== undefined && inputs.length > 1) {
    throw new UsageError(
      `-o names one file, but there are ${inputs.length} images: write --out DIR instead`,
    );
  }
  if (settings.sheet !== undefined && inputs.length > 1) {
    throw new UsageError(`--sheet shows one image, but there are ${inputs.length}: name one`);
  }
  const named = inputs.map((input) => nameTarget(input, settings, naming));
  const targets = await withoutOwnResults(named);
  await refuseCollisions(targets, settings);
  await refuseInputs(targets);
  return await tryDestinations(targets, settings);
}
