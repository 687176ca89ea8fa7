/** The table of families. @module */

import { UnsupportedError } from "../errors.ts";
import { bicubic } from "./bicubic.ts";
import { ddpm } from "./ddpm.ts";
import type { Family } from "./model.ts";
import { regression } from "./regression.ts";
import { sr3 } from "./sr3.ts";
import { srflow } from "./srflow.ts";
import { srdiff } from "./srdiff.ts";

/** Every family by its name; names are unique, as the keys of an object are. */
export const families: Readonly<Record<string, Family>> = {
  bicubic,
  regression,
  srdiff,
  sr3,
  ddpm,
  srflow,
};

/**
 * Finds a family.
 *
 * @throws {UnsupportedError} If there is no family of this name.
 */
export function familyOf(name: string): Family {
  if (Object.hasOwn(families, name)) return families[name];
  throw new UnsupportedError(
    `Cannot open a model of the family "${name}": this version knows ` +
      Object.keys(families).join(", "),
  );
}
