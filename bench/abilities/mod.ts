/** The abilities that are measured, in the order of the tables. @module */

import type { Part } from "./part.ts";
import { fidelityPart } from "./fidelity.ts";
import { fusionPart } from "./fusion.ts";
import { interpolationPart } from "./interpolation.ts";
import { speedPart } from "./speed.ts";
import { stepsPart } from "./steps.ts";
import { temperaturePart } from "./temperature.ts";
import { tilesPart } from "./tiles.ts";
import { uncertaintyPart } from "./uncertainty.ts";

/** All abilities. */
export const parts: readonly Part[] = [
  stepsPart,
  speedPart,
  fidelityPart,
  temperaturePart,
  tilesPart,
  uncertaintyPart,
  interpolationPart,
  fusionPart,
];
