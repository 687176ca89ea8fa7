/**
 * Adds int8 graphs to a zoo entry, and writes into its card how much they change its figures:
 *
 *     deno task quantize zoo/srdiff --data STORE
 *
 * They are made from the entry's ONNX files, calibrated on the training crops of a prepared store, and compared with
 * them on Set5 and the first images of BSD100. `deno task bench:zoo` compares them on all images.
 *
 * @module
 */

import { Command } from "commander";
import { readCard } from "../lib/zoo/mod.ts";
import type { Int8 } from "../lib/zoo/card.ts";
import { trustedInt8 } from "../lib/precision.ts";
import { openWithLpips } from "./graphs.ts";
import { runInterruptible } from "./interruptible.ts";
import { SETS_FOLDER } from "./sets.ts";
import { runTrainingModule } from "./training.ts";
import { measureInt8, writeInt8, zooSets } from "./zoo_figures.ts";

/** What the user asked for. */
interface Flags {
  data: string;
  graph?: string[];
  eval: string;
  lpips?: string;
  images: string;
}

async function main(signal: AbortSignal): Promise<number> {
  const command = new Command("quantize")
    .description("Adds int8 graphs to a zoo entry.")
    .argument("<entry>", "folder of the entry")
    .requiredOption("--data <store>", "prepared store with training images of the entry's scale")
    .option("--graph <name...>", "only these graphs")
    .option("--eval <dir>", "folder with the sets", SETS_FOLDER)
    .option("--lpips <path>", "file or folder with the LPIPS graphs")
    .option("--images <n>", "first images of BSD100 to compare on", "20")
    .parse(Deno.args, { from: "user" });
  const [folder] = command.args;
  const { data, graph, eval: sets, lpips, images } = command.opts<Flags>();
  await using graphs = await openWithLpips("judge int8 graphs", lpips);
  const path = `${folder}/model.yml`;
  await writeInt8(path, await quantize(folder, data, graph));
  const card = await readCard(path);
  const limited = zooSets.map((set) => ({ ...set, limit: Number(images) }));
  const { metricGraphs } = graphs;
  const difference = await measureInt8(card, limited, { data: sets, metricGraphs, signal });
  await writeInt8(path, { ...card.int8!, difference });
  for (const [set, { psnrY, lpips }] of Object.entries(difference!)) {
    console.log(`${set}: PSNR ${psnrY} dB, LPIPS ${lpips}`);
  }
  const isTrusted = trustedInt8(await readCard(path)) !== undefined;
  console.log(
    isTrusted
      ? "--precision auto may choose them"
      : "Too much is lost: only --precision int8 uses them",
  );
  return 0;
}

/** Makes the graphs; returns the card's entry for them. */
async function quantize(
  folder: string,
  store: string,
  graphs: readonly string[] = [],
): Promise<Int8> {
  const only = graphs.flatMap((name) => ["--graph", name]);
  const args = [folder, "--data", store, ...only];
  return JSON.parse(await runTrainingModule("srzoo_train.quantize", args, `quantise ${folder}`));
}

if (import.meta.main) {
  await runInterruptible(main, "Interrupted; the card holds what was done");
}
