/**
 * Generates images with an unconditional entry: `deno run -A cli/generate.ts --model ddpm-texture --width 256 --height 256 -o a.png`;
 * further models, separated by commas, enlarge what the first one generates.
 *
 * @module
 */

import { Command, CommanderError } from "commander";
import config from "../deno.json" with { type: "json" };
import { samplers } from "../lib/diffusion/samplers/mod.ts";
import { escapeControls } from "./controls.ts";
import { exitCodes } from "./exit_codes.ts";
import type { GenerateSettings } from "./generation.ts";
import { runTask } from "./thread.ts";
import { bytes, number, oneOf, wholeFrom } from "./values.ts";

function commandLine(): Command {
  return new Command("generate")
    .description("Generates images with an unconditional model.")
    .requiredOption(
      "--model <name>",
      "id, folder or URL, such as ddpm-texture; a,b enlarges with b what a generates",
    )
    .option("--zoo <place>", "another registry: folder or URL of its index.yml")
    .option("--offline", "use earlier downloads and no network")
    .option("--width <n>", "columns", wholeFrom(1), 128)
    .option("--height <n>", "rows", wholeFrom(1), 128)
    .option(
      "-o, --output <file>",
      "the file, in the format of its name; several samples are NAME-1, NAME-2, ...",
      "image.png",
    )
    .option("--samples <n>", "how many images", wholeFrom(1))
    .option("--seed <n>", "seed of the noise", wholeFrom(0))
    .option("--steps <n>", "denoising steps", wholeFrom(1))
    .option("--sampler <name>", Object.keys(samplers).join(", "))
    .option("--temperature <t>", "scale of the noise, 0 for none", number)
    .option("--tile <n>", "side of a tile in pixels", wholeFrom(1))
    .option("--memory <size>", "memory limit, such as 800MB or 4GB", bytes)
    .option("--sheet <file>", "a contact sheet, from noise to image")
    .option("--provider <name>", "webgpu, native or wasm", oneOf("webgpu", "native", "wasm"))
    .option("--threads <n>", "CPU threads", wholeFrom(1))
    .option("--quiet", "print only errors")
    .version(config.version);
}

/** Runs the command; returns the exit code: 0, 1 failed, 2 wrong usage, 130 interrupted. */
export async function main(args: readonly string[]): Promise<number> {
  const command = commandLine().exitOverride();
  try {
    command.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUsage;
  }
  const settings = command.opts<GenerateSettings>();
  return await runTask({ command: "generate", settings, program: config.version }, (event) => {
    if (event.event === "error") console.error(escapeControls(`error: ${event.message}`));
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
