/**
 * Replays a recorded case: imports its checkpoint, runs the exported graphs through the library, and
 * compares every quantity with the recording.
 *
 *     deno task replay CASE_DIR [--keep DIR]
 *
 * @module
 */

import { Command } from "commander";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runModule } from "../../train/environment.ts";
import type { Case } from "./case.ts";
import { type Comparison, lineOf, passes } from "./comparison.ts";
import { linesAbout, openEntry } from "./entry.ts";
import { readNpz } from "../npz.ts";
import { replayOf } from "./replays.ts";

/** Options of {@linkcode replay}. */
export interface ReplayOptions {
  /** Folder to keep the imported entry in; it must not exist. */
  keep?: string;
}

/** Replays the case in a folder, printing a line for each quantity; says whether all passed. */
export async function replay(folder: string, { keep }: ReplayOptions = {}): Promise<boolean> {
  const source = folderUrl(folder);
  const recorded = {
    config: JSON.parse(await Deno.readTextFile(new URL("config.json", source))),
    arrays: readNpz(await Deno.readFile(new URL("io.npz", source))),
  };
  const scratch = await Deno.makeTempDir({ prefix: "srzoo-replay-" });
  try {
    const out = keep ?? `${scratch}/entry`;
    const openEntry: Case["openEntry"] = (told) => importAndOpen(source, out, told?.scale);
    return await print(replayOf(recorded).compare({ ...recorded, openEntry }));
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

async function importAndOpen(source: URL, out: string, scale?: number) {
  const [checkpoint, config] = ["checkpoint.pth", "config.json"].map((name) =>
    fileURLToPath(new URL(name, source))
  );
  const args = [checkpoint, "--config", config, "--out", out];
  if (scale !== undefined) args.push("--scale", `${scale}`);
  if (await runModule("srzoo_train.import_checkpoint", args) !== 0) {
    throw new Error(`Cannot replay the case: its checkpoint was not imported`);
  }
  const entry = await openEntry(folderUrl(out));
  for (const line of linesAbout(entry)) console.log(line);
  return entry;
}

async function print(comparisons: AsyncIterable<Comparison>): Promise<boolean> {
  let failed = 0;
  for await (const comparison of comparisons) {
    console.log(lineOf(comparison));
    if (!passes(comparison)) failed++;
  }
  console.log(failed === 0 ? "replay agrees" : `replay differs in ${failed} quantities`);
  return failed === 0;
}

function folderUrl(path: string): URL {
  return pathToFileURL(path.endsWith("/") ? path : `${path}/`);
}

if (import.meta.main) {
  const command = new Command("deno task replay")
    .description("imports a recorded case's checkpoint, runs it and compares every quantity")
    .argument("<case>", "folder with config.json, io.npz and, for networks, checkpoint.pth")
    .option("--keep <dir>", "folder to keep the imported entry in")
    .action(async (folder: string, options: ReplayOptions) => {
      try {
        if (!await replay(folder, options)) Deno.exitCode = 1;
      } catch (error) {
        console.error(error instanceof Error ? error.message : error);
        Deno.exitCode = 1;
      }
    });
  await command.parseAsync(Deno.args, { from: "user" });
}
