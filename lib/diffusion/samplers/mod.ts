/** The table of samplers. @module */

import { ddim } from "./ddim.ts";
import { ddpm } from "./ddpm.ts";
import { dpmpp2m } from "./dpmpp2m.ts";
import type { Sampler } from "./sampler.ts";

/** Names of the samplers. */
export type SamplerName = "ddpm" | "ddim" | "dpmpp2m";

/** Every sampler by its name. */
export const samplers: Readonly<Record<SamplerName, Sampler>> = { ddpm, ddim, dpmpp2m };
