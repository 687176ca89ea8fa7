/** The noise schedule that a card describes. @module */

import { cosineSchedule, linearSchedule, type NoiseSchedule } from "../diffusion/schedule.ts";
import { constSchedule, jsdSchedule, quadSchedule, warmupSchedule } from "../diffusion/schedule.ts";
import type { Schedule } from "../zoo/card.ts";

/** Makes the levels of noise of a card's schedule. */
export function scheduleFor(schedule: Schedule): NoiseSchedule {
  const { timesteps } = schedule;
  switch (schedule.kind) {
    case "cosine":
      return cosineSchedule(timesteps, schedule.s);
    case "linear":
      return linearSchedule(timesteps, schedule.first, schedule.last, schedule.lastForced);
    case "quad":
      return quadSchedule(timesteps, schedule.first, schedule.last);
    case "warmup10":
      return warmupSchedule(timesteps, schedule.first, schedule.last, 0.1);
    case "warmup50":
      return warmupSchedule(timesteps, schedule.first, schedule.last, 0.5);
    case "const":
      return constSchedule(timesteps, schedule.last);
    case "jsd":
      return jsdSchedule(timesteps);
  }
}
