/**
 * Looks after the zoo: `deno run -A cli/zoo.ts list`, `show`, `check`, `fetch`, `publish`, `table`.
 *
 * @module
 */

import { Command, CommanderError } from "commander";
import { fetchGraph, type ModelCard, openZoo, readCard } from "../lib/zoo/mod.ts";
import { type Image, load } from "../mod.ts";
import { described } from "./errors.ts";
import { publish } from "./publish.ts";
import { inBytes, table } from "./terminal.ts";
import { termsOf, weightsOf, withTable, zooTable } from "./zoo_table.ts";

const ownZoo = new URL("../zoo/", import.meta.url);

function commandLine(signal: AbortSignal): Command {
  const program = new Command("zoo").description("Looks after the entries of the zoo.");
  program.command("list").description("all entries").action(async () => {
    const cards = await openZoo().list();
    const rows = cards.map((card) => [
      card.id,
      `x${card.scale}`,
      card.family,
      weightsOf(card),
      termsOf(card),
    ]);
    console.log(table([["id", "scale", "family", "weights", "terms"], ...rows]));
  });
  program.command("show").argument("<id>").description("what an entry's card says")
    .action(async (id) => console.log(cardText(await openZoo().find(id))));
  program.command("check").argument("<dir>").description("whether a folder is a sound entry")
    .action(async (directory) => console.log(await check(directory, signal)));
  program.command("fetch").argument("<id>").description("download an entry's weights for later")
    .action((id) => fetchEntry(id, signal));
  program.command("publish").argument("<dir>").description("add an entry to a zoo's folder")
    .option("--to <zoo>", "folder with an index.yml; this package's if absent")
    .action(async (directory, { to }) => {
      const { id, base } = await publish(directory, to ?? ownZoo, { signal });
      console.log(`${id} is published in ${base}`);
    });
  program.command("table").description("the entries and their figures as Markdown")
    .option("--write <file>", "put it between the file's zoo-table comments")
    .action(async ({ write }) => {
      const text = zooTable(await openZoo().list());
      if (write === undefined) return console.log(text);
      await Deno.writeTextFile(write, withTable(await Deno.readTextFile(write), text));
    });
  return program;
}

/** A card in lines that people read. */
function cardText(card: ModelCard): string {
  const { licence, steps, tiling, figures = {} } = card;
  const lines = [
    `${card.id} ${card.version}: ${card.name}`,
    card.description,
    `family ${card.family}, x${card.scale}, weights ${weightsOf(card)}`,
    ...Object.entries(card.graphs).map(([name, graph]) =>
      `  ${name}: ${graph.url ?? graph.file}, ${graph.precision}, ${inBytes(graph.bytes)}`
    ),
    ...tiling ? [`tiles of ${tiling.size} pixels, ${tiling.overlap} of them shared`] : [],
    ...steps
      ? [`steps: ${steps.default}, at most ${steps.max}, trained for ${trainedFor(steps)}`]
      : [],
    `terms of the weights: ${termsOf(card)}`,
    ...licence.data.map((source) => `  data: ${source.name}, ${source.licence}`),
    ...Object.entries(figures).map(([set, values]) =>
      `${set}: ${Object.entries(values).map(([name, value]) => `${name} ${value}`).join(", ")}`
    ),
  ];
  return lines.join("\n");
}

function trainedFor({ trained }: NonNullable<ModelCard["steps"]>): string {
  return trained.map(({ steps }) => steps).join(", ") || "none in particular";
}

/** Reads the card, compares every file with it, loads the entry and enlarges a picture. */
async function check(directory: string, signal: AbortSignal): Promise<string> {
  const card = await readCard(directory, { signal });
  await using upscaler = await load(card, { signal });
  const source = ramp(37, 23);
  const { images: [image] } = await upscaler.upscale(source, { signal });
  if (image.width !== source.width * card.scale || image.height !== source.height * card.scale) {
    throw new Error(`Cannot accept ${card.id}: it makes ${image.width}x${image.height} of 37x23`);
  }
  const recorded = card.fixture ? "computes as recorded" : "has no recorded run to compare with";
  return `${card.id} is sound: ${weightsOf(card)}, ${recorded}, on ${upscaler.provider}`;
}

/** A picture whose sides are multiples of nothing. */
function ramp(width: number, height: number): Image {
  const data = new Uint8ClampedArray(4 * width * height).map((_, i) => i % 4 === 3 ? 255 : i % 251);
  return { width, height, data, channels: 3 };
}

/** Brings all graphs of an entry onto this machine. */
async function fetchEntry(id: string, signal: AbortSignal): Promise<void> {
  const card = await openZoo().find(id);
  for (const [name, { bytes }] of Object.entries(card.graphs)) {
    let percent = -1;
    await fetchGraph(card, name, {
      signal,
      onDownload: ({ received, total }) => {
        const now = Math.floor(100 * received / (total ?? bytes));
        if (now > percent && Deno.stderr.isTerminal()) {
          Deno.stderr.writeSync(new TextEncoder().encode(`\r${name}: ${now}%`));
        }
        percent = now;
      },
    });
    console.log(`${name}: ${inBytes(bytes)}, as the card promises`);
  }
  if (Object.keys(card.graphs).length === 0) console.log(`${id} needs no weights`);
}

/** Runs the command; returns the exit code: 0, 1 failed, 2 wrong usage, 130 interrupted. */
export async function main(args: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  Deno.addSignalListener("SIGINT", () => interrupt.abort());
  const program = commandLine(interrupt.signal).exitOverride();
  const colors = { getOutHasColors: () => false, getErrHasColors: () => false };
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput(colors);
  }
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (interrupt.signal.aborted) return 130;
    console.error(`error: ${described(error).message}`);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
