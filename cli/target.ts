/** The target of one input: names and format of its results. @module */

import { basename, dirname, extname, join } from "node:path";
import type { OutputFormat } from "../lib/image/files/format.ts";
import { extensionOf, formatOf, isForeign } from "./formats.ts";
import { type Input, isPipe } from "./inputs.ts";
import type { Settings } from "./settings.ts";
import { UsageError } from "./usage_error.ts";

/** Where the results of one input go. */
export interface Target {
  /** The image to enlarge. */
  input: Input;
  /** One path per sample; `-` is standard output; empty if the input has a problem. */
  paths: string[];
  /** Format of the results. */
  format: OutputFormat;
  /** Path below the folder of previews, without the number of the step. */
  preview: string;
  /** What the user should know about the names. */
  notes: string[];
}

/** The part of a model card that names are made from. */
export interface Naming {
  /** Id of the entry. */
  id: string;
  /** Its scale. */
  scale: number;
}

/** The longest name that common file systems allow, in bytes of UTF-8. */
const LONGEST_NAME = 255;

/** A step with as many digits as any schedule in use needs, for the longest name of a preview. */
const MOST_STEPS = 9999;

/**
 * Names the results of one input. An input with a problem gets no names, and one whose names would be too
 * long gets a problem.
 *
 * @throws {UsageError} If `-o` names a format that cannot be written, or is standard output and there are several samples.
 */
export function nameTarget(input: Input, settings: Settings, naming: Naming): Target {
  const target = settings.output === "-"
    ? standardOutput(input, settings)
    : files(input, settings, naming);
  const problem = input.problem ?? lengthProblem(target, settings);
  return problem ? { ...target, input: { ...input, problem }, paths: [] } : target;
}

function files(input: Input, settings: Settings, naming: Naming): Target {
  const { output, out, samples = 1 } = settings;
  const scale = settings.scale ?? naming.scale;
  const suffix = `-${naming.id}-x${scale}`;
  const wanted = output ??
    (out !== undefined
      ? join(out, input.place)
      : join(dirname(input.path), suffixed(basename(input.path), suffix)));
  const { path, format, notes } = output !== undefined
    ? exactName(wanted, settings.format)
    : keptName(wanted, settings.format);
  const preview = output === undefined
    ? join(dirname(input.place), basename(path))
    : basename(path);
  return { input, paths: numbered(path, samples), format, preview, notes };
}

/** Says which name is too long, and what would do; undefined if none is. */
function lengthProblem(
  { input, paths, preview }: Target,
  { previews, samples = 1 }: Settings,
): Error | undefined {
  const most = (names: readonly string[]) =>
    Math.max(...names.map((name) => new TextEncoder().encode(basename(name)).length));
  const limit = `bytes, and at most ${LONGEST_NAME} are allowed`;
  if (most(paths) > LONGEST_NAME) {
    return new Error(
      `Cannot write the result of ${input.path}: its name would have ${most(paths)} ${limit}. ` +
        `Choose a name with -o, or keep the input's with --out`,
    );
  }
  if (previews === undefined) return undefined;
  const last = previewOf(preview, { sample: samples - 1, samples, step: MOST_STEPS });
  if (most([last]) <= LONGEST_NAME) return undefined;
  return new Error(
    `Cannot write the previews of ${input.path}: their names would have up to ${most([last])} ` +
      `${limit}. Choose a shorter name with -o, or leave --previews out`,
  );
}

/** Path of the preview of a step, below the folder of previews; samples are counted from 0. */
export function previewOf(
  preview: string,
  { sample, samples, step }: { sample: number; samples: number; step: number },
): string {
  const name = samples === 1 ? "" : `-${sample + 1}`;
  return suffixed(preview, `${name}-step${`${step}`.padStart(2, "0")}`);
}

function standardOutput(input: Input, { samples = 1, format = "png" }: Settings): Target {
  if (samples > 1) throw new UsageError("standard output holds one image: leave --samples out");
  const name = isPipe(input) ? "stdin" : input.place;
  const preview = name.slice(0, -extname(name).length || undefined) + ".png";
  return { input, paths: ["-"], format, preview, notes: [] };
}

/** A path and the format that it is written in. */
export interface Named {
  /** Where it goes. */
  path: string;
  /** How its bytes are written. */
  format: OutputFormat;
  /** What the user should know of the name. */
  notes: string[];
}

/** A default name: its extension follows the format. */
function keptName(path: string, asked?: OutputFormat): Named {
  const own = formatOf(path);
  const format = asked ?? own ?? "png";
  if (own === format) return { path, format, notes: [] };
  const extension = extname(path);
  const stem = own || isForeign(path) ? path.slice(0, -extension.length) : path;
  const notes = asked || own
    ? []
    : [`written as PNG: ${extension || "no extension"} is not written`];
  return { path: stem + extensionOf[format], format, notes };
}

/**
 * The name after `-o`: kept, or refused if it names a format that this program cannot write.
 *
 * @throws {UsageError} If it does, or if `asked` is another format than the name's.
 */
export function exactName(path: string, asked?: OutputFormat): Named {
  const own = formatOf(path);
  if (own && asked && own !== asked) {
    throw new UsageError(`-o ${path} and --format ${asked} contradict each other`);
  }
  if (isForeign(path)) {
    throw new UsageError(
      `cannot write ${extname(path).slice(1).toUpperCase()} (-o ${path}): ` +
        "name a file that ends in .png, .jpg or .webp",
    );
  }
  const format = asked ?? own ?? "png";
  return { path, format, notes: asked || own ? [] : ["written as PNG"] };
}

/** Inserts `suffix` before the extension. */
export function suffixed(path: string, suffix: string): string {
  const extension = extname(path);
  return path.slice(0, path.length - extension.length) + suffix + extension;
}

function numbered(path: string, samples: number): string[] {
  if (samples === 1) return [path];
  return Array.from({ length: samples }, (_, i) => suffixed(path, `-${i + 1}`));
}
