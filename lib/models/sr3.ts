/** SR3: diffusion of the image, with the noise level as the time (Saharia et al. 2021). @module */

import { imageDiffusion } from "./image_diffusion.ts";
import type { Family } from "./model.ts";
import { noiseLevel } from "./time.ts";

/**
 * Runs the graph `denoiser`: `x` `[n, 3, H, W]`, `level` `[n]` = sqrt(alphaBar_t) (the paper's sqrt(gamma))
 * and, unless the entry generates images without an input, the enlarged input as `condition` `[n, 3, H, W]`, to
 * `prediction`.
 */
export const sr3: Family = (card, sessions) => imageDiffusion(card, sessions, noiseLevel);
