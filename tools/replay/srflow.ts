/** Replays SRFlow: the features, the inverse at every heat, the latents of an image and its likelihood. @module */

import { familyOf } from "../../lib/models/mod.ts";
import type { Tensor } from "../../lib/tensor/tensor.ts";
import { drain } from "../../lib/upscaler.ts";
import { type Case, need, type Replay } from "./case.ts";
import { compare, type Comparison, limits, toUnsigned } from "./comparison.ts";
import type { Entry } from "./entry.ts";
import { type Arrays, asTensor, itemOf, type NumberArray } from "../npz.ts";

/** Cases recorded from andreas128/SRFlow. */
export const srflow: Replay = {
  name: "SRFlow",
  detect: ({ config }) => config.system === "SRFlow",
  compare: compareCase,
};

async function* compareCase({ config, arrays, openEntry }: Case): AsyncGenerator<Comparison> {
  await using entry = await openEntry();
  const { features } = await entry.sessions.encoder.run({ lr: toSigned(need(arrays, "lr")) });
  yield compare("cond_fea_up1", need(arrays, "cond_fea_up1"), features, limits.call);
  const heats = numbers(config.heats);
  for (const [i, heat] of heats.entries()) {
    yield* compareInverse(arrays, entry, features, heat, `sr_heat${i}`, `sr_logdet_heat${i}`);
  }
  yield* compareInverse(arrays, entry, features, 0, "sr_heat_zero");
  yield await compareImage(arrays, entry, heats[0] ?? 0);
  const hr = need(arrays, "hr");
  yield* compareForward(arrays, entry, features, hr, "enc");
  if (arrays.dequant_uniform01) {
    yield* compareForward(
      arrays,
      entry,
      features,
      spread(config, arrays),
      "enc_noise",
      quant(config),
    );
  }
}

/** The image of the recorded latents times a heat, and the log-determinant of the inverse. */
async function* compareInverse(
  arrays: Arrays,
  entry: Entry,
  features: Tensor,
  heat: number,
  image: string,
  logDet?: string,
): AsyncGenerator<Comparison> {
  const latents = namesOf(entry).map(({ name, recorded }) =>
    [name, asTensor(scaled(need(arrays, `unit_${recorded}`), heat))] as const
  );
  const { residual } = await entry.sessions.inverse.run({
    ...Object.fromEntries(latents),
    features,
  });
  yield compare(image, need(arrays, image), toUnsigned(residual), limits.call);
  if (!logDet || !arrays[logDet]) return;
  const found = await entry.sessions.forward.run({ residual, features });
  const way = withSplits(entry, found).map((value) => -value);
  yield compareLogDet(logDet, need(arrays, logDet), way);
}

/** The first item by the library's family as `upscale()` drives it, untiled. */
async function compareImage(arrays: Arrays, entry: Entry, heat: number): Promise<Comparison> {
  const { card, sessions } = entry;
  const lr = need(arrays, "lr");
  const tiling = {
    size: Math.max(...lr.dims.slice(2)),
    overlap: 0,
    multiple: card.tiling!.multiple,
  };
  const scene = await familyOf(card.family)(card, sessions).condition!({
    lr: toSigned({ ...itemOf(lr, 0), dims: [1, ...lr.dims.slice(1)] }),
    tiling,
  });
  const unit = namesOf(entry).map(({ recorded }) => itemOf(need(arrays, `unit_${recorded}`), 0));
  const drawn = await drain(scene.sample({
    sampler: "ddpm", // required, though a flow has no sampler
    steps: 1,
    fidelity: 1,
    noise: (draw, dims) => asTensor(scaled(unit[draw], heat), dims),
  }));
  const name = heat === 0 ? "sr_heat_zero" : "sr_heat0";
  const recorded = itemOf(need(arrays, name), 0);
  const image = { ...toUnsigned(drawn), dims: recorded.dims };
  return compare(`${name}, by the library's family`, recorded, image, limits.call);
}

/** The latents of an image, its log-determinant and its likelihood. */
async function* compareForward(
  arrays: Arrays,
  entry: Entry,
  features: Tensor,
  image: NumberArray,
  prefix: string,
  levels = 1,
): AsyncGenerator<Comparison> {
  const found = await entry.sessions.forward.run({ residual: toSigned(image), features });
  for (const { name, recorded } of namesOf(entry)) {
    const latent = arrays[`${prefix}_${recorded}`];
    if (latent) yield compare(`${prefix}_${recorded}`, latent, found[name], limits.trajectory);
  }
  const pixels = image.dims[2] * image.dims[3];
  const logDet = withSplits(entry, found).map((value) => value - Math.log(levels) * pixels);
  yield compareLogDet(`${prefix}_logdet`, need(arrays, `${prefix}_logdet`), logDet);
  const prior = logNormal(found[namesOf(entry).at(-1)!.name]);
  const nll = logDet.map((value, i) => -(value + prior[i]) / Math.LN2 / pixels);
  yield compare(
    `${prefix}_nll`,
    need(arrays, `${prefix}_nll`),
    { dims: [nll.length], data: nll },
    limits.nll,
  );
}

/** Compares log-determinants; the error is relative to the largest value, if that is over 1. */
function compareLogDet(name: string, recorded: NumberArray, computed: number[]): Comparison {
  const largest = Math.max(1, ...recorded.data.map(Math.abs));
  const { error } = compare(name, recorded, { dims: [computed.length], data: computed }, 0);
  return { quantity: name, error: error / largest, limit: limits.logDet };
}

/** Names of each latent in the graphs and in the recording: the finest first, `z` last. */
function namesOf({ card }: Entry): { name: string; recorded: string }[] {
  const { latents } = card.flow!;
  return latents.map(({ name }, i) => ({
    name,
    recorded: i < latents.length - 1 ? `eps_level${i + 1}` : "z",
  }));
}

/**
 * Log-determinants of each item as the reference counts them: for images in [0, 1], and including the prior
 * of the latents that were split off.
 */
function withSplits(entry: Entry, found: Record<string, Tensor>): number[] {
  const priors = namesOf(entry).slice(0, -1).map(({ name }) => logNormal(found[name]));
  const values = namesOf(entry).reduce((sum, { name }) => sum + itemSize(found[name]), 0);
  return Array.from(found.logdet.data, (value, i) => {
    return priors.reduce((sum, prior) => sum + prior[i], value + values * Math.LN2);
  });
}

/** Logarithm of the standard normal's density, summed over each item. */
function logNormal(latent: Tensor): number[] {
  const size = itemSize(latent);
  return Array.from({ length: latent.dims[0] }, (_, i) => {
    const item = Float64Array.from(latent.data.subarray(i * size, (i + 1) * size));
    return item.reduce((sum, value) => sum - (value * value + Math.log(2 * Math.PI)) / 2, 0);
  });
}

function itemSize({ dims, data }: Tensor): number {
  return data.length / dims[0];
}

/** The image plus the recorded noise of up to half a level. */
function spread(config: Case["config"], arrays: Arrays): NumberArray {
  const { dims, data } = need(arrays, "hr");
  const noise = need(arrays, "dequant_uniform01").data;
  return { dims, data: data.map((value, i) => value + (noise[i] - 0.5) / quant(config)) };
}

/** Number of brightness levels, which sets the amplitude of the reference's dequantization noise. */
function quant(config: Case["config"]): number {
  return Number(config.quant ?? 32);
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.map(Number) : [];
}

function scaled({ dims, data }: NumberArray, factor: number): NumberArray {
  return { dims, data: data.map((value) => value * factor) };
}

/** From [0, 1] to [-1, 1]. */
function toSigned({ dims, data }: NumberArray): Tensor {
  return asTensor({ dims, data: data.map((value) => value * 2 - 1) });
}
