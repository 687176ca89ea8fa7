/** Compares recorded tables of betas and alphaBar. @module */

import {
  constSchedule,
  cosineSchedule,
  jsdSchedule,
  linearSchedule,
  type NoiseSchedule,
  quadSchedule,
  warmupSchedule,
} from "../../lib/diffusion/schedule.ts";
import { UnsupportedError } from "../../lib/errors.ts";
import type { Case, Replay } from "./case.ts";
import { compareTable, type Comparison } from "./comparison.ts";

/** Cases that hold tables of betas, named `<system>_<kind>_T<timesteps>`. */
export const schedules: Replay = {
  name: "schedules",
  detect({ config, arrays }) {
    const names = Object.keys(arrays);
    return config.system === undefined && names.length > 0 &&
      names.every((name) => pattern.test(name));
  },
  async *compare({ config, arrays }: Case): AsyncGenerator<Comparison> {
    for (const [name, recorded] of Object.entries(arrays)) {
      const schedule = scheduleNamed(name, config);
      const data = name.includes("alphas_bar") ? schedule.alphaBar : schedule.betas;
      yield await Promise.resolve(compareTable(name, recorded, { dims: [data.length], data }));
    }
  },
};

const pattern = /^(.+?)_T(\d+)(?:_last0(\d+))?$/;

/** Makes the schedule of each kind from T and the first and last beta that the case states. */
const kinds: Record<string, (T: number, first: number, last: number, s: number) => NoiseSchedule> =
  {
    janspiry_quad: quadSchedule,
    janspiry_linear: (T, first, last) => linearSchedule(T, first, last),
    janspiry_warmup10: (T, first, last) => warmupSchedule(T, first, last, 0.1),
    janspiry_warmup50: (T, first, last) => warmupSchedule(T, first, last, 0.5),
    janspiry_const: (T, _, last) => constSchedule(T, last),
    janspiry_jsd: (T) => jsdSchedule(T),
    janspiry_cosine: (T, _first, _last, s) => cosineSchedule(T, s),
    srdiff_cosine: (T, _first, _last, s) => cosineSchedule(T, s),
    // First and last beta of the released configurations.
    srdiff_linear: (T) => linearSchedule(T, 1e-4, 0.02),
    sr3_linear: (T) => linearSchedule(T, 1e-6, 1e-2),
    ddpm_linear: (T) => linearSchedule(T, 1e-4, 2e-2),
    novwaul_train_betas: (T) => linearSchedule(T, 1e-4, 0.005),
    novwaul_sample_betas: (T) => linearSchedule(T, 1e-4, 0.1),
    novwaul_sample_alphas_bar: (T) => linearSchedule(T, 1e-4, 0.1),
  };

function scheduleNamed(name: string, config: Case["config"]): NoiseSchedule {
  const [, kind, timesteps, lastForced] = name.match(pattern)!;
  if (!kinds[kind]) {
    throw new UnsupportedError(
      `Cannot compute the table ${name}: known are ${Object.keys(kinds).join(", ")}`,
    );
  }
  const s = Number(config[`${kind.split("_")[0]}_cosine_s`] ?? 0.008);
  const schedule = kinds[kind](
    Number(timesteps),
    Number(config.linear_start),
    Number(config.linear_end),
    s,
  );
  if (lastForced) schedule.betas[schedule.betas.length - 1] = Number(`0.${lastForced}`);
  return schedule;
}
