/** DDPM: diffusion of the image, with the timestep as the time (Ho et al. 2020), also as a variant of SR3. @module */

import { imageDiffusion } from "./image_diffusion.ts";
import type { Family } from "./model.ts";
import { timestep } from "./time.ts";

/**
 * Runs the graph `denoiser`: `x` `[n, 3, H, W]`, `t` `[n]` (the index of the schedule, from 0) and, unless the
 * entry generates images without an input, the enlarged input as `condition` `[n, 3, H, W]`, to `prediction`.
 */
export const ddpm: Family = (card, sessions) => imageDiffusion(card, sessions, timestep);
