/** The flags of `cli/upscale.ts`, parsed once into one object. @module */

import { Command, CommanderError, Option } from "commander";
import { samplers } from "../lib/diffusion/samplers/mod.ts";
import { defaultMemory } from "../lib/platform.ts";
import { DEFAULT_MODEL } from "../lib/zoo/default.ts";
import { UsageError } from "./usage_error.ts";
import {
  bytes,
  format,
  number,
  numberWithin,
  oneOf,
  restore,
  type Shard,
  shard,
  wholeFrom,
} from "./values.ts";

/** Options that are passed to the model unchanged; the library has their defaults. */
export interface ModelFlags {
  /** Denoising steps. */
  steps?: number;
  /** Sampler by name. */
  sampler?: string;
  /** Seed of the noise. */
  seed?: number;
  /** Images per input. */
  samples?: number;
  /** Scale of the noise. */
  temperature?: number;
  /** From the estimate (0) to the sample (1). */
  fidelity?: number;
  /** How much of the input's damage to remove, 0 to 1. */
  restore?: number | "auto";
  /** Side of a tile in LR pixels. */
  tile?: number;
  /** Whether the result must shrink to the input. */
  consistency?: boolean;
}

/** All flags, checked as far as possible without a model. */
export interface Settings extends ModelFlags {
  /** Files, folders, globs and `-`. */
  inputs: string[];
  /** Id, folder or URL of the model. */
  model: string;
  /** The registry of ids, in place of this package's zoo. */
  zoo?: string;
  /** Whether to use earlier downloads and no network. */
  offline?: boolean;
  /** Whether to list the models and do nothing else. */
  listModels?: boolean;
  /** The one file to write; `-` is standard output. */
  output?: string;
  /** Folder to write into. */
  out?: string;
  /** The only provider to try. */
  provider?: "webgpu" | "native" | "wasm";
  /** Precision of the weights. */
  precision?: "fp32" | "fp16" | "int8" | "auto";
  /** CPU threads of the networks. */
  threads?: number;
  /** Format of the results, in place of the one that their extension names. */
  format?: "png" | "jpeg" | "webp";
  /** Quality of JPEG and WebP, 1 to 100. */
  quality?: number;
  /** Factor of the result, in place of the model's. */
  scale?: number;
  /** Folder for an image of every step. */
  previews?: string;
  /** File for a contact sheet of the first sample: the input, its noisy states, the result. */
  sheet?: string;
  /** The high-resolution image, shown on the sheet. */
  truth?: string;
  /** Whether to leave out ICC profile, EXIF, density and text. */
  strip?: boolean;
  /** Whether to enlarge the colours of pixels of opacity 0 as they are stored. */
  keepHidden?: boolean;
  /** Limit of the memory in bytes; the library has the default. */
  memory?: number;
  /** Whether to enlarge results of this program again. */
  again?: boolean;
  /** Whether to report what would be done and do nothing. */
  dryRun?: boolean;
  /** The share of the inputs to process. */
  shard?: Shard;
  /** Whether to skip inputs whose results exist. */
  skipExisting?: boolean;
  /** Whether to print everything as JSON, one event per line. */
  json?: boolean;
  /** Whether to print only errors. */
  quiet?: boolean;
  /** Whether to add stacks to errors. */
  debug?: boolean;
}

const PERMISSIONS = `
Outputs: beside the input as NAME-MODEL-xSCALE.EXT, or where -o or --out says; several samples are NAME-1,
NAME-2, ... A format that cannot be written becomes PNG. Inputs are never overwritten, and results of this
program are not enlarged again without --again. If an output is a link, its target is written. All inputs of
a run get the same --seed; without it each gets its own, which the result names. Standard input, a FIFO and
<(command) go to standard output unless -o or --out says otherwise.

Exit codes: 0 all done, 1 some files failed (the others are done), 2 wrong usage, 130 interrupted.

Least permissions, in place of -A (images, models and Deno's own cache are read; DIR is written):
  deno run -P=native --allow-write=DIR cli/upscale.ts --out DIR ...    by cli/deno.json: read, ffi and env below
  deno run -P=wasm --allow-write=DIR cli/upscale.ts --out DIR ...      without native code, and slower
  WebGPU needs --allow-env=XDG_RUNTIME_DIR
  weights by URL need --allow-net=HOST, --allow-env=SRZOO_CACHE,HOME,XDG_CACHE_HOME and --allow-write of
  the cache folder; free space is checked before the work with --allow-sys=statfs.`;

/**
 * Parses the command line.
 *
 * @returns The settings, or the text that `--help` or `--version` asks for.
 * @throws {UsageError} If a flag is unknown, malformed or contradicts another.
 */
export function readSettings(args: readonly string[], version: string): Settings | string {
  let text = "";
  const command = commandLine(version).exitOverride().configureOutput({
    writeOut: (part) => text += part,
    writeErr: () => {},
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  });
  try {
    command.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return text;
    throw new UsageError(error.message.replace(/^error: /, "").replaceAll("\n", " "));
  }
  return checked({ ...command.opts<Omit<Settings, "inputs">>(), inputs: command.args });
}

const inGiB = `${defaultMemory / 2 ** 30}GiB`;

/** The command as data: flags, their parsers and their help. */
function commandLine(version: string): Command {
  return new Command("upscale")
    .description("Enlarges images with a generative model.")
    .argument("[inputs...]", "files, folders, globs; - reads standard input")
    .option(
      "--model <name>",
      "id in the zoo, folder of an entry, URL of a model.yml, or hf:owner/repo; a,b enlarges with a, then with b; " +
        "a+steps=25,b gives a stage options of its own",
      DEFAULT_MODEL,
    )
    .option("--zoo <place>", "another registry: folder or URL of its index.yml")
    .option("--offline", "use earlier downloads and no network")
    .option("--list-models", "list the models of the zoo and exit")
    .option("-o, --output <file>", "the file to write; - writes standard output")
    .option("--out <dir>", "folder to write into, file names kept")
    .option("--steps <n>", "denoising steps", wholeFrom(1))
    .option("--sampler <name>", Object.keys(samplers).join(", "))
    .option("--seed <n>", "seed of the noise", wholeFrom(0))
    .option("--samples <n>", "images per input", wholeFrom(1))
    .option("--temperature <t>", "scale of the noise, 0 for none", number)
    .option("--fidelity <f>", "0 for the least error, 1 for the model's sample", number)
    .option("--restore <r>", "0 keeps the input's damage, 1 removes all of it, or auto", restore)
    .option("--tile <n>", "side of a tile in pixels of the input", wholeFrom(1))
    .option("--consistency", "make the result match the input when shrunk")
    .option("--no-consistency", "leave the result as the model made it")
    .option("--provider <name>", "webgpu, native or wasm", oneOf("webgpu", "native", "wasm"))
    .option(
      "--precision <name>",
      "precision of the weights: fp32, fp16, int8, or auto, which takes int8 if it is faster on this machine " +
        "(default: the model's own, with the same results everywhere)",
      oneOf("fp32", "fp16", "int8", "auto"),
    )
    .option("--threads <n>", "CPU threads", wholeFrom(1))
    .option("--format <name>", "png, jpeg or webp", format)
    .option("--quality <n>", "1 to 100, for JPEG and WebP", numberWithin(1, 100))
    .option("--scale <s>", "1 to 8: the model, then exact bicubic to this size", numberWithin(1, 8))
    .option("--previews <dir>", "folder for an image of every step")
    .option("--sheet <file>", "write a contact sheet: input, bicubic, from noise to image, result")
    .option("--truth <file>", "the high-resolution image, for the contact sheet")
    .option("--keep-hidden", "enlarge colours of transparent pixels as they are, for game textures")
    .option("--strip", 'write no metadata except the mark "Software: srzoo"')
    .addOption(
      new Option(
        "--memory <size>",
        `memory limit, such as 800MB or 4GiB; a bare number is MB (default: ${inGiB})`,
      )
        .argParser(bytes),
    )
    .option(
      "--shard <i/n>",
      "process the i-th of n shares; i counts from 0 or from 1 (n/n is 0/n)",
      shard,
    )
    .option("--again", "also enlarge results of this program")
    .option("--dry-run", "show what would be done, without doing it")
    .option("--skip-existing", "skip inputs whose results exist")
    .option("--json", "print everything as JSON, one event per line, to standard output")
    .option("--quiet", "print only errors")
    .option("--debug", "add stacks to errors")
    .version(version)
    .addHelpText("after", PERMISSIONS);
}

/** Other names of standard input and output; opening them would need full permissions. */
const STDIN = ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];
const STDOUT = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/** The flag of a setting. */
function nameOf(setting: string): string {
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Refuses flags that are empty or contradict each other, and replaces other names of standard input and output by `-`. */
function checked(given: Settings): Settings {
  const inputs = given.inputs.map((input) => STDIN.includes(input) ? "-" : input);
  const output = given.output !== undefined && STDOUT.includes(given.output) ? "-" : given.output;
  const empty = Object.entries({ ...given, output }).find(([, value]) => value === "");
  if (empty || inputs.includes("")) {
    const what = empty ? `the value of ${nameOf(empty[0])}` : "the name of an input";
    throw new UsageError(`${what} is empty: write a name, or leave it out`);
  }
  if (inputs.length === 0 && !given.listModels) {
    throw new UsageError("no image given: name files, folders or globs, or - for standard input");
  }
  if (output !== undefined && given.out !== undefined) {
    throw new UsageError("-o and --out cannot be used together: -o names a file, --out a folder");
  }
  if (given.truth !== undefined && given.sheet === undefined) {
    throw new UsageError("--truth is shown on a contact sheet: name its file with --sheet");
  }
  if (given.sheet !== undefined && given.sheet === output) {
    throw new UsageError(`-o and --sheet both name ${output}: give the sheet another name`);
  }
  if (inputs.filter((input) => input === "-").length > 1) {
    throw new UsageError("- is given twice: standard input can be read only once");
  }
  return { ...given, inputs, ...output !== undefined && { output } };
}
