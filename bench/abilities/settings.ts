/** What the user of `bench/abilities.ts` asked for. @module */

import { Command, InvalidArgumentError } from "commander";
import { SETS_FOLDER } from "../sets.ts";
import { list, positive, some } from "../values.ts";
import { parts } from "./mod.ts";

/** All flags, with their defaults. */
export interface Settings {
  /** The entry: id, folder or URL. */
  model: string;
  /** Names below `data`, or folders. */
  set: string[];
  /** Folder with the sets. */
  data: string;
  /** Names of the abilities to measure; the others are shown from the results file. */
  only?: string[];
  /** Numbers of images by name. */
  images: Readonly<Record<string, number>>;
  /** CPU threads. */
  threads?: number;
  /** File or folder with the LPIPS graphs. */
  lpips?: string;
  /** The results file; named after the entry if absent. */
  out?: string;
  /** Whether to start the results file anew. */
  fresh: boolean;
  /** Writes the tables into the entry's README. */
  write: boolean;
  /** Shows no progress. */
  quiet: boolean;
}

const EPILOGUE = `
Examples:
  deno task bench:abilities --write
  deno task bench:abilities --images 10
  deno task bench:abilities --only steps --images steps:8=20,steps:100=3
An interrupted run is resumed by the same command: figures of the same weights and images are kept.
Exit codes: 0, 1 (a promise does not hold, or it failed), 2 (usage), 130 (interrupted).`;

/** Reads the command line; exits with 2 if it is invalid, with 0 after `--help`. */
export function readSettings(args: readonly string[]): Settings {
  const names = parts.map(({ name }) => name);
  const program = new Command("bench:abilities")
    .description("measures what a generative entry can do besides sampling one image")
    .option("--model <spec>", "the entry: id, folder or URL", "srdiff")
    .option("--set <list>", "sets below --data, or folders", list, ["BSD100"])
    .option("--data <dir>", "folder with the sets", SETS_FOLDER)
    .option("--only <list>", `what is measured: ${names.join(", ")}`, some(names))
    .option("--images <list>", "images: 10, or fidelity=50,steps:8=20 (0: none)", limits, {})
    .option("--threads <n>", "CPU threads", positive)
    .option("--lpips <path>", "LPIPS graph, or folder with lpips_alex.onnx and lpips_sq.onnx")
    .option("--out <file>", "results file (default: bench/results/abilities-ENTRY.json)")
    .option("--fresh", "discard what the results file holds", false)
    .option("--write", "put the tables into zoo/ENTRY/README.md", false)
    .option("--quiet", "no progress", false)
    .addHelpText("after", EPILOGUE)
    .showHelpAfterError("Run with --help to see all options.")
    .exitOverride((error) => Deno.exit(error.exitCode === 0 ? 0 : 2));
  return program.parse([...args], { from: "user" }).opts() as Settings;
}

/** `10` as `{ all: 10 }`, `fidelity=50,steps:8=20` by name. */
function limits(value: string): Record<string, number> {
  return Object.fromEntries(
    list(value).map((part) => {
      const [name, number] = part.includes("=") ? part.split("=") : ["all", part];
      if (/^\d+$/.test(number)) return [name, Number(number)];
      throw new InvalidArgumentError(`"${part}" must be a number, or NAME=NUMBER`);
    }),
  );
}
