/** The figures in the zoo's cards: measured, written, and checked. @module */

import type { Int8 } from "../lib/zoo/card.ts";
import type { Precision } from "../lib/precision.ts";
import type { ModelCard } from "../mod.ts";
import { type CardFigures, writeKey } from "../cli/zoo/figures.ts";
import { writeWhole } from "./files.ts";
import type { MetricGraphs } from "./figures.ts";
import { metrics } from "./metrics.ts";
import { entryMethod } from "./methods/entry.ts";
import { protocolOf } from "./protocols.ts";
import { putRow, type Row } from "./record.ts";
import { runMethod } from "./runner.ts";
import { summaryOf } from "./summary.ts";
import { openTask } from "./tasks.ts";

/** A set on which the zoo is measured. */
export interface ZooSet {
  /** Name below the folder with the sets. */
  readonly name: string;
  /** Seeds of generative entries. */
  readonly seeds: number;
  /** How the inputs are damaged, and how many of them; only at x4. */
  readonly damage?: { readonly track: string; readonly images: number };
  /**
   * Only the first images.
   *
   * @default {Infinity}
   */
  readonly limit?: number;
}

/** Set5 has one seed, so that a check of a few seconds can reproduce its figures. */
export const zooSets: readonly ZooSet[] = [
  { name: "Set5", seeds: 1 },
  { name: "BSD100", seeds: 5 },
  ...["clean", "jpeg75", "n5j75", "worst"].map((track) => ({
    name: "BSD100",
    seeds: 5,
    damage: { track, images: 10 },
  })),
];

/** The sets that an entry is measured on. */
export function setsOf({ scale }: ModelCard, sets: readonly ZooSet[]): readonly ZooSet[] {
  return sets.filter(({ damage }) => scale === 4 || !damage);
}

/** Differences that another provider or CPU may cause, by metric. */
const TOLERANCE: Readonly<Record<string, number>> = {
  psnrY: 0.02,
  psnrRgb: 0.02,
  ssimY: 0.0005,
  lpips: 0.001,
  lpipsSqueeze: 0.001,
  lrPsnr: 0.1,
  colorError: 0.02,
  diversity: 0.02,
  gainOfMean: 0.02,
  errorCorrelation: 0.02,
};

/** Options of measuring an entry. */
export interface MeasureOptions {
  /** Folder with the sets. */
  readonly data: string;
  /** The metrics' graphs. */
  readonly metricGraphs: MetricGraphs;
  /** Rows measured earlier; those of other weights, sets or numbers of seeds are ignored. */
  readonly rows?: readonly Row[];
  /** Figures of the same weights; their sets are not measured again. */
  readonly known?: CardFigures;
  /** Aborts the work. */
  readonly signal: AbortSignal;
  /** Called after each image. */
  readonly onPicture?: (label: string) => void;
  /** Precision of the weights, where it is not the entry's own. */
  readonly precision?: Precision;
}

/**
 * Measures one entry on the sets.
 *
 * @throws {Error} If any image fails: half a set gives no figures.
 */
export async function measureEntry(
  card: ModelCard,
  sets: readonly ZooSet[],
  { data, metricGraphs, rows = [], known = {}, signal, onPicture, precision }: MeasureOptions,
): Promise<CardFigures> {
  await using method = await entryMethod(card.base ?? card.id, { signal, precision });
  const figures: CardFigures = {};
  for (const { name, seeds, damage, limit } of setsOf(card, sets)) {
    const task = await openTask(data, name, card.scale, protocolOf("whole"), {
      limit: damage?.images ?? limit,
      track: damage?.track,
    });
    const { key } = task.set;
    if (known[key]) {
      figures[key] = known[key];
      continue;
    }
    const record = { rows: [...rows] };
    await runMethod(method, [task], record, {
      seeds,
      metricGraphs,
      signal,
      events: {
        picture: (_, set, image) => onPicture?.(`${card.id} ${set} ${image}`),
        failed(_, reason, set, image) {
          throw new Error(`Cannot measure ${card.id} on ${image} of ${set}: ${reason}`);
        },
      },
      finish: (row) => Promise.resolve(putRow(record, row)),
    });
    figures[key] = cardFigures(
      record.rows.filter((row) =>
        row.method === method.name && row.methodDigest === method.digest &&
        row.set === key && row.setDigest === task.set.digest
      ),
    );
  }
  return figures;
}

/**
 * Measures what int8 changes: both precisions on the same images with the same noise, one seed.
 *
 * @throws {Error} If the entry has no int8 graphs, or any image fails.
 */
export async function measureInt8(
  card: ModelCard,
  sets: readonly ZooSet[],
  options: MeasureOptions,
): Promise<Int8["difference"]> {
  const once = sets.filter(({ damage }) => !damage).map((set) => ({ ...set, seeds: 1 }));
  const own = await measureEntry(card, once, options);
  const other = await measureEntry(card, once, { ...options, precision: "int8" });
  const differences = Object.entries(own).map(([set, { images, psnrY, lpips }]) => {
    const less = (value: number, from: number, digits: number) =>
      Number((value - from).toFixed(digits));
    // The key loses " (first n)", since `images` says how many there were.
    return [set.replace(/ .*/, ""), {
      images,
      psnrY: less(other[set].psnrY, psnrY, 2),
      lpips: less(other[set].lpips, lpips, 4),
    }] as const;
  });
  return Object.fromEntries(differences);
}

/** Means with the digits of the tables, and the half width of their interval over the seeds. */
function cardFigures(rows: readonly Row[]): Record<string, number> {
  const { figures, images, seeds } = summaryOf(rows);
  const result: Record<string, number> = { images, seeds };
  for (const { key, digits } of metrics) {
    const value = figures[key];
    if (value === undefined || key === "seconds") continue;
    result[key] = Number(value.mean.toFixed(digits));
    if (Number.isFinite(value.half)) result[`${key}Half`] = Number(value.half.toFixed(digits));
  }
  return result;
}

/** Writes the `int8` key of a `model.yml`. */
export async function writeInt8(path: string, int8: Int8): Promise<void> {
  await writeKey(path, "int8", int8);
}

/** Writes `steps.default` of a `model.yml`, without changing anything else. */
export async function writeStepsDefault(path: string, steps: number): Promise<void> {
  const text = await Deno.readTextFile(path);
  await writeWhole(path, text.replace(/^(steps:\n[ \t]+default: )\d+/m, `$1${steps}`));
}

/** Lists where a card's figures differ from measured ones; empty if they agree. */
export function differences(card: ModelCard, measured: CardFigures): string[] {
  const found: string[] = [];
  for (const [set, figures] of Object.entries(measured)) {
    for (const [key, tolerance] of Object.entries(TOLERANCE)) {
      const [stated, actual] = [card.figures?.[set]?.[key], figures[key]];
      if (actual === undefined) continue;
      if (stated === undefined) {
        found.push(`${card.id} states no ${key} on ${set}; it is ${actual}`);
      } else if (!(Math.abs(stated - actual) <= tolerance)) {
        found.push(`${card.id} states ${key} ${stated} on ${set}, but its weights give ${actual}`);
      }
    }
  }
  return found;
}

/** Lists where the changes by int8 in a card differ from measured ones. */
export function int8Differences(card: ModelCard, measured: Int8["difference"] = {}): string[] {
  return Object.entries(measured).flatMap(([set, actual]) =>
    (["psnrY", "lpips"] as const).filter((key) => {
      const stated = card.int8?.difference?.[set]?.[key];
      return !(Math.abs((stated ?? NaN) - actual[key]) <= TOLERANCE[key]);
    }).map((key) =>
      `${card.id}: int8 changes ${key} on ${set} by ${actual[key]}, which its card does not say`
    )
  );
}
