/** SRFlow: a conditional normalizing flow, one pass from latents to the image (Lugmayr et al. 2020). @module */

import { ManifestError } from "../errors.ts";
import type { Session } from "../runtime/session.ts";
import { disposeAll, type Held, valuesOf } from "../tensor/held.ts";
import { mix, scaleBy } from "../tensor/linear.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { crop } from "../tensor/window.ts";
import { overTiles } from "../tiling.ts";
import type { Flow, ModelCard } from "../zoo/card.ts";
import { encodeImage } from "./encoder.ts";
import { type Grid, onGrid } from "./grid.ts";
import { keep, type Kept } from "./kept.ts";
import type { Conditioned, ConditionInput, Encoding, Family } from "./model.ts";
import { type EncodeInput, graphNamed, type SampleInput, type SampleStep } from "./model.ts";

/** An opened card. */
interface Entry {
  card: ModelCard;
  flow: Flow;
  encoder: Session;
  inverse: Session;
  forward?: Session;
}

/** One image as the flow sees it. */
interface Scene {
  grid: Grid;
  /** Outputs of the encoder besides its estimate, on any grids. */
  features: Record<string, Tensor | Held>;
  /** The image that the residual is added to, as large as the padded image; absent for the base `none`. */
  base?: Tensor;
}

/**
 * Runs the graphs `encoder` (`lr` to `features` and, for the base `estimate`, `estimate`) and `inverse` (the
 * latents that the card names, and `features`, to `residual` `[n, 3, H, W]`); with the graph `forward`
 * (`residual` and `features` to the latents and `logdet` `[n]`) images can be encoded.
 *
 * sr = base + residual / residualScale. Latents are normal noise on their own grids, times the temperature.
 */
export const srflow: Family = (card, sessions) => {
  const { flow } = card;
  if (!flow) throw new ManifestError(`${card.id}#flow`, `the family "${card.family}" needs it`);
  const [encoder, inverse] = ["encoder", "inverse"].map((name) =>
    graphNamed(card, sessions, { name })
  );
  const entry = { card, flow, encoder, inverse, forward: sessions.forward };
  const base = flow.base === "estimate" ? ["fidelity"] as const : [];
  return {
    accepts: ["seed", "samples", "temperature", "noise", ...base],
    generative: true,
    calls: ({ samples }) => 1 + samples,
    condition: (input) => condition(entry, input),
    encode: sessions.forward && ((input) => encode(entry, sessions.forward, input)),
  };
};

/** Encodes an image once for all its samples. */
async function condition(entry: Entry, input: ConditionInput): Promise<Conditioned> {
  const kept = await keep(() => sceneOf(entry, input), ({ features }) => features);
  const { base } = kept.value;
  const [, , rows, columns] = input.lr.dims;
  const { scale } = entry.card;
  const cut = (image: Tensor) =>
    crop(image, { x: 0, y: 0, width: columns * scale, height: rows * scale });
  return {
    estimate: base && cut(base),
    dispose: kept.dispose,
    sample: (choices) => sample(entry, kept, input, { choices, cut }),
  };
}

/** Features and base of an image, padded to the multiple. */
async function sceneOf(entry: Entry, input: ConditionInput): Promise<Scene> {
  const { card, encoder, flow } = entry;
  const { lr, tiling, signal, onTile } = input;
  const { padded, grid } = onGrid(card, { lr, tiling });
  const { estimate, features } = await encodeImage(
    (inputs) => encoder.hold(inputs, { signal }),
    padded,
    { tiling, grid, patches: encoder, signal, onTile },
  );
  if (flow.base === "estimate" && !estimate) {
    disposeAll(Object.values(features));
    throw new ManifestError(`${card.id}#flow.base`, `the graph "encoder" gives no "estimate"`);
  }
  return { grid, features, base: flow.base === "estimate" ? estimate : undefined };
}

/** Draws the latents and runs the flow on them. */
async function* sample(
  { flow, inverse, card }: Entry,
  kept: Kept<Scene>,
  { tiling }: ConditionInput,
  { choices, cut }: { choices: SampleInput; cut: (image: Tensor) => Tensor },
): AsyncGenerator<SampleStep, Tensor> {
  const { signal, onTile, fidelity } = choices;
  const { grid, base } = kept.value;
  const latents = await Promise.all(flow.latents.map(async ({ name, channels, ratio }, draw) => {
    const [height, width] = grid.map((size) => size * ratio);
    const drawn = await choices.noise(draw, [1, channels, height, width], ratio);
    return [name, await valuesOf(drawn, signal)] as const;
  }));
  const { residual } = await kept.use(({ features }) =>
    overTiles(
      { ...features, ...Object.fromEntries(latents) },
      (inputs) => {
        const [name, { dims: [, , h, w] }] = Object.entries(inputs)[0];
        const ratio = features[name].dims[3] / grid[1];
        const size = [1, 3, h / ratio * card.scale, w / ratio * card.scale];
        return inverse.run(inputs, { signal, outputs: { residual: size } });
      },
      { tiling, grid, patches: inverse, signal, onTile },
    )
  );
  const gain = fidelity / flow.residualScale;
  const image = cut(
    base
      ? mix(1, base, gain, residual, residual)
      : scaleBy(1 / flow.residualScale, residual, residual),
  );
  yield { step: 1, steps: 1, image: () => Promise.resolve(image) };
  return image;
}

/** Runs the flow from an image to its latents, in one piece. */
async function encode(
  entry: Entry,
  forward: Session,
  { hr, ...input }: EncodeInput,
): Promise<Encoding> {
  const { card: { scale }, flow } = entry;
  const kept = await keep(() => sceneOf(entry, input), ({ features }) => features);
  const { grid: [height, width], base } = kept.value;
  const whole = crop(hr, { x: 0, y: 0, width: width * scale, height: height * scale });
  const { residualScale } = flow;
  const residual = base
    ? mix(residualScale, whole, -residualScale, base)
    : scaleBy(residualScale, whole);
  const { signal } = input;
  const outputs = await kept.use(({ features }) =>
    forward.run({ residual, ...features }, { signal })
  )
    .finally(kept.dispose);
  const latents = flow.latents.map(({ name, ratio }) => ({ values: outputs[name], ratio }));
  return { latents, logDet: outputs.logdet.data[0] + whole.data.length * Math.log(residualScale) };
}
