/**
 * Measures every entry of the zoo on Set5 and BSD100, entries of x4 also on damaged inputs, and writes
 * the figures into its `model.yml`, the tables of its README and the table of the project's README.
 *
 * `deno task bench:zoo --check` measures Set5 alone and fails if a card's figures no longer follow from its
 * weights. `--only ID` takes one entry, `--missing` only the sets that a card has no figures for, `--data DIR`
 * another folder with the sets; `--results FILE` skips the images that `deno task bench` has measured there with
 * the same weights, sets and numbers of seeds.
 *
 * @module
 */

import { Command } from "commander";
import type { ModelCard } from "../mod.ts";
import { openZoo } from "../lib/zoo/mod.ts";
import { enlarges, writeFigures } from "../cli/zoo/figures.ts";
import { openWithLpips } from "./graphs.ts";
import { runInterruptible } from "./interruptible.ts";
import { writeBetweenMarks } from "./marks.ts";
import { startProgress } from "./progress.ts";
import { readRecord } from "./record.ts";
import { SETS_FOLDER } from "./sets.ts";
import {
  differences,
  int8Differences,
  measureEntry,
  measureInt8,
  setsOf,
  writeInt8,
  zooSets,
} from "./zoo_figures.ts";
import { writeCardTables } from "./zoo_tables.ts";

const root = new URL("../", import.meta.url);

/** Numbers of images in the sets. */
const SIZES: Readonly<Record<string, number>> = { Set5: 5, BSD100: 100 };

/** What the user asked for. */
interface Flags {
  check?: boolean;
  missing?: boolean;
  only?: string;
  data: string;
  lpips?: string;
  results?: string;
  seeds?: string;
}

async function main(signal: AbortSignal): Promise<number> {
  const values = new Command("bench:zoo")
    .description("Measures the zoo and writes the figures into its cards and READMEs.")
    .option("--check", "only report figures in cards that no longer hold")
    .option("--only <id>", "one entry")
    .option("--missing", "only the sets that a card has no figures for; keep the others")
    .option("--data <dir>", "folder with the sets", SETS_FOLDER)
    .option("--lpips <path>", "file or folder with the LPIPS graphs")
    .option("--results <file>", "reuse the figures in this results file of deno task bench")
    .option("--seeds <n>", "seeds of generative entries on BSD100, instead of 5")
    .parse(Deno.args, { from: "user" })
    .opts<Flags>();
  await using graphs = await openWithLpips("measure the zoo", values.lpips);
  const { metricGraphs } = graphs;
  const cards = (await openZoo().list()).filter((card) =>
    enlarges(card) && (!values.only || card.id === values.only)
  );
  const seeds = Number(values.seeds ?? 5);
  if (!Number.isInteger(seeds) || seeds < 1) {
    throw new RangeError(
      `Cannot measure with ${values.seeds} seeds: it must be a positive integer`,
    );
  }
  const sets = values.check ? zooSets.slice(0, 1) : zooSets.map((set) => (
    set.seeds > 1 ? { ...set, seeds } : set
  ));
  const rows = values.results ? (await readRecord(values.results)).rows : [];
  const pictures = (card: ModelCard) =>
    setsOf(card, sets).reduce((sum, { name, damage }) => sum + (damage?.images ?? SIZES[name]), 0);
  const progress = startProgress(cards.reduce((sum, card) => sum + pictures(card), 0));
  const faults: string[] = [];
  for (const card of cards) {
    const onPicture = (label: string) => progress.step(label);
    const figures = await measureEntry(card, sets, {
      data: values.data,
      metricGraphs,
      rows,
      known: values.missing ? card.figures : undefined,
      signal,
      onPicture,
    });
    const path = new URL("model.yml", card.base!).pathname;
    if (values.check) faults.push(...differences(card, figures));
    else await writeFigures(path, figures);
    if (!card.int8 || values.missing) continue;
    const difference = await measureInt8(card, sets, { data: values.data, metricGraphs, signal });
    if (values.check) faults.push(...int8Differences(card, difference));
    else await writeInt8(path, { ...card.int8, difference });
  }
  progress.end();
  if (!values.check) {
    await writeTable();
    await writeCardTables((await openZoo().list()).filter(enlarges));
  }
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) console.error("Run deno task bench:zoo to measure again");
  return faults.length > 0 ? 1 : 0;
}

/** Writes the table of the zoo, which `cli/zoo.ts table` makes, into the project's README. */
async function writeTable(): Promise<void> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "cli/zoo.ts", "table"],
    cwd: root,
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("Cannot write the README's table: cli/zoo.ts table failed");
  const table = new TextDecoder().decode(stdout).trim();
  await writeBetweenMarks(new URL("README.md", root).pathname, "zoo-table", table);
}

if (import.meta.main) {
  await runInterruptible(main, "Interrupted; the cards of the finished entries are written");
}
