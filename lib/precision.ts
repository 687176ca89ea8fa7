/** Chooses the files of an entry: its own, or those with int8 convolutions. @module */

import { UnsupportedError } from "./errors.ts";
import { readTensors, withPrefix } from "./runtime/fixture.ts";
import type { Session } from "./runtime/session.ts";
import { type Tensor, tensor } from "./tensor/tensor.ts";
import type { GraphFile, ModelCard } from "./zoo/card.ts";

/**
 * Precision of the weights. "auto" takes int8 if that loses almost no quality and a trial shows that it is faster on this
 * machine, and computes in fp16 on WebGPU; its results may therefore differ between machines.
 */
export type Precision = "fp32" | "fp16" | "int8" | "auto";

/** The precisions of a card's weights, such as "fp16"; undefined if it has no network. */
export function precisionOf({ graphs }: ModelCard): string | undefined {
  return [...new Set(Object.values(graphs).map(({ precision }) => precision))].join(", ") ||
    undefined;
}

/** The most that int8 may lose, over all images, to be taken automatically: PSNR on luma in dB, and LPIPS. */
const ALLOWED = { psnrY: 0.05, lpips: 0.003 };

/**
 * The card with the files of one precision; the card itself without a precision, or with "auto".
 *
 * @throws {UnsupportedError} If the entry does not have them.
 */
export function inPrecision(card: ModelCard, precision?: Precision): ModelCard {
  if (precision === undefined || precision === "auto") return card;
  const graphs = Object.values(card.graphs);
  const isOwn = graphs.length > 0 && graphs.every((graph) => graph.precision === precision);
  if (isOwn) return card;
  if (precision === "int8" && card.int8) return inInt8(card);
  const there = [precisionOf(card), card.int8 && "int8"].filter(Boolean).join(", ");
  throw new UnsupportedError(
    `Cannot open ${card.id} in ${precision}: ${
      there ? `its weights are ${there}` : "it has no network"
    }. Leave the precision out, or give "auto"`,
  );
}

/** The card with int8 files that may be taken automatically, if it has any. */
export function trustedInt8(card: ModelCard): ModelCard | undefined {
  const sets = Object.values(card.int8?.difference ?? {});
  const images = sets.reduce((sum, set) => sum + set.images, 0);
  const mean = (key: "psnrY" | "lpips") =>
    sets.reduce((sum, set) => sum + set.images * set[key], 0) / images;
  // Without a measurement the means are NaN.
  const isGood = mean("psnrY") >= -ALLOWED.psnrY && mean("lpips") <= ALLOWED.lpips;
  return isGood ? inInt8(card) : undefined;
}

function inInt8(card: ModelCard): ModelCard {
  const found = Object.entries(card.graphs).map(([name, graph]): [string, GraphFile] => {
    const file = card.int8!.graphs[name];
    // The URLs of one file are not those of another.
    const { parameters } = graph;
    return [name, file ? { ...file, precision: "int8", parameters } : graph];
  });
  return { ...card, graphs: Object.fromEntries(found), fixture: card.int8!.fixture };
}

/** How often the fixture's inputs are repeated along each side: 8 pixels are too few to time. */
const REPEATED = 8;
/** Number of runs, of which the fastest counts. */
const RUNS = 3;
/** Fraction of the time that must be saved. */
const GAIN = 0.1;

/**
 * Whether some graphs take less time than others for their recorded inputs, enlarged.
 *
 * @param fast Sessions by graph that may be faster.
 * @param exact The others.
 * @param fixture A safetensors file with `<graph>/in/<input>`.
 */
export async function isFaster(
  fast: Readonly<Record<string, Session>>,
  exact: Readonly<Record<string, Session>>,
  fixture: Uint8Array,
): Promise<boolean> {
  const recorded = readTensors(fixture);
  let times = [0, 0];
  for (const name of Object.keys(exact)) {
    const inputs = Object.fromEntries(
      Object.entries(withPrefix(recorded, `${name}/in/`))
        .map(([input, value]) => [input, repeated(value)]),
    );
    const least = [Infinity, Infinity];
    for (let run = 0; run <= RUNS; run++) { // the first, which warms up, is beaten by the others
      for (const [i, sessions] of [fast, exact].entries()) {
        const start = performance.now();
        await sessions[name].run(inputs);
        least[i] = Math.min(least[i], performance.now() - start);
      }
    }
    times = times.map((time, i) => time + least[i]);
  }
  return times[0] < (1 - GAIN) * times[1];
}

/** Repeats images horizontally and vertically; other inputs stay as they are. */
function repeated(one: Tensor): Tensor {
  if (one.dims.length < 4) return one;
  const [n, channels, height, width] = one.dims;
  const many = tensor([n, channels, height * REPEATED, width * REPEATED]);
  const rows = n * channels * height * REPEATED;
  for (let row = 0; row < rows; row++) {
    const plane = Math.floor(row / (height * REPEATED));
    const from = (plane * height + row % height) * width;
    const line = one.data.subarray(from, from + width);
    for (let i = 0; i < REPEATED; i++) many.data.set(line, (row * REPEATED + i) * width);
  }
  return many;
}
