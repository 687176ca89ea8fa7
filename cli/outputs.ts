/** Names the targets of a run, and checks them before any work. @module */

import { refuseCollisions, refuseInputs, withoutOwnResults } from "./collisions.ts";
import { tryDestinations } from "./destinations.ts";
import type { Input } from "./inputs.ts";
import type { Settings } from "./settings.ts";
import { UsageError } from "./usage_error.ts";
import { nameTarget, type Naming, type Target } from "./target.ts";

/**
 * Names all results and checks that they can be written.
 *
 * Images of a folder that are results of other images there are left out, so that a command can be run again.
 *
 * @throws {UsageError} If two results have the same name, one of them is an input, `-o` cannot hold them all, or
 * the place that `-o` or `--out` names cannot be written.
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
  await refuseInputs(targets, settings);
  return await tryDestinations(targets, settings);
}
