/** What the zoo's cards say of their entries' worth: measured, written, and checked. @module */

import { stringify } from "yaml";
import type { ModelCard } from "../mod.ts";
import { writeWhole } from "./files.ts";
import { type Judges, metrics } from "./judges.ts";
import { entryMethod } from "./methods/entry.ts";
import { protocolOf } from "./protocols.ts";
import { putRow, type Row } from "./record.ts";
import { runMethod } from "./runner.ts";
import { summaryOf } from "./summary.ts";
import { openTask } from "./tasks.ts";

/** Figures by set and metric, as `model.yml` keeps them. */
export type CardFigures = Record<string, Record<string, number>>;

/** A set on which the zoo is measured. */
export interface ZooSet {
  /** Name below the folder with the sets. */
  readonly name: string;
  /** Seeds of generative entries. */
  readonly seeds: number;
  /** How the inputs are damaged, and how many of them; at x4 alone. */
  readonly damage?: { readonly track: string; readonly images: number };
}

/** Set5 takes one seed, so that a check of a few seconds must find the same figures again. */
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

/** Differences that another provider or processor may make. */
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

/** Where and with what the zoo is measured. */
export interface MeasureOptions {
  /** Folder with the sets. */
  readonly data: string;
  /** What judges. */
  readonly judges: Judges;
  /** What is measured already; rows of other weights, sets or numbers of seeds do not count. */
  readonly rows?: readonly Row[];
  /** Leaves the work. */
  readonly signal: AbortSignal;
  /** Told after each picture. */
  readonly onPicture?: (label: string) => void;
}

/** Whether an entry makes images larger; one without an input has no truth to be measured against. */
export function enlarges({ diffusion, scale }: ModelCard): boolean {
  return scale > 1 && !(diffusion?.base === "none" && diffusion.condition === undefined);
}

/**
 * Measures one entry on the sets.
 *
 * @throws {Error} If any picture fails: half a set gives no figures.
 */
export async function measureEntry(
  card: ModelCard,
  sets: readonly ZooSet[],
  { data, judges, rows = [], signal, onPicture }: MeasureOptions,
): Promise<CardFigures> {
  await using method = await entryMethod(card.id, { signal });
  const figures: CardFigures = {};
  for (const { name, seeds, damage } of setsOf(card, sets)) {
    const task = await openTask(data, name, card.scale, protocolOf("whole"), {
      limit: damage?.images,
      track: damage?.track,
    });
    const record = { rows: [...rows] };
    await runMethod(method, [task], record, {
      seeds,
      judges,
      signal,
      events: {
        picture: (_, set, image) => onPicture?.(`${card.id} ${set} ${image}`),
        failed(_, reason, set, image) {
          throw new Error(`Cannot measure ${card.id} on ${image} of ${set}: ${reason}`);
        },
      },
      finish: (row) => Promise.resolve(putRow(record, row)),
    });
    figures[task.set.key] = cardFigures(
      record.rows.filter((row) =>
        row.method === method.name && row.methodDigest === method.digest &&
        row.set === task.set.key && row.setDigest === task.set.digest
      ),
    );
  }
  return figures;
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

/** Writes figures at the end of a `model.yml`, leaving all else as it is to the letter. */
export async function writeFigures(path: string, figures: CardFigures): Promise<void> {
  const text = await Deno.readTextFile(path);
  const rest = text.replace(/^figures:.*\n([ \t].*\n|\n)*/m, "").trimEnd();
  await writeWhole(path, `${rest}\n${stringify({ figures })}`);
}

/** Writes `steps.default` of a `model.yml`, leaving all else as it is to the letter. */
export async function writeStepsDefault(path: string, steps: number): Promise<void> {
  const text = await Deno.readTextFile(path);
  await writeWhole(path, text.replace(/^(steps:\n[ \t]+default: )\d+/m, `$1${steps}`));
}

/** Says where a card's figures differ from measured ones; nothing where they agree. */
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
