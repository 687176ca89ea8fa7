/**
 * Imports a published checkpoint as an entry of the zoo, in the Python environment of `train/`.
 *
 *     deno task import CHECKPOINT --out DIR [--config FILE]
 *
 * @module
 */

import { pythonCommand } from "./environment.ts";

/** What {@linkcode importCheckpoint} reads and writes. */
export interface ImportOptions {
  /** Path of the checkpoint. */
  checkpoint: string;
  /** Folder to make. */
  out: string;
  /** The reference's own configuration, for what shapes cannot tell. */
  config?: string;
}

/**
 * Imports a checkpoint; what the importer says goes to this process's output.
 *
 * @throws {Error} If it refuses; it has then said why.
 */
export async function importCheckpoint({ checkpoint, out, config }: ImportOptions): Promise<void> {
  const chosen = config === undefined ? [] : ["--config", config];
  if (await run([checkpoint, "--out", out, ...chosen]) !== 0) {
    throw new Error(`Cannot go on: ${checkpoint} was not imported`);
  }
}

/** Runs the importer's command line from the caller's folder; returns its exit status. */
async function run(args: string[]): Promise<number> {
  const [python, ...options] = await pythonCommand();
  const { code } = await new Deno.Command(python, {
    args: [...options, "-m", "srzoo_train.import_checkpoint", ...args],
    env: { PYTHONPATH: new URL("./", import.meta.url).pathname },
    stdin: "null",
  }).spawn().status;
  return code;
}

if (import.meta.main) Deno.exit(await run(Deno.args));
