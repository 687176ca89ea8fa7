/** Where the results go: names, formats, and what is refused before any work. @module */

import { basename, dirname, extname, join } from "node:path";
import type { OutputFormat } from "../lib/image/containers/mod.ts";
import { refuseCollisions, refuseInputs, withoutOwnResults } from "./collisions.ts";
import type { Input } from "./inputs.ts";
import { type Settings, UsageError } from "./settings.ts";

/** Where the results of one input go. */
export interface Target {
  /** What is enlarged. */
  input: Input;
  /** One path for each sample; `-` is standard output. */
  paths: string[];
  /** How the bytes are written. */
  format: OutputFormat;
  /** Path below the folder of previews, without a step's number. */
  preview: string;
  /** What the user should know of the name. */
  notes: string[];
}

/** The part of a model card that names are made of. */
export interface Naming {
  /** Id of the entry. */
  id: string;
  /** Its factor. */
  scale: number;
}

const FORMATS: readonly [OutputFormat, RegExp][] = [
  ["png", /^\.(png|apng)$/i],
  ["jpeg", /^\.(jpe?g|jpe|jfif)$/i],
  ["webp", /^\.webp$/i],
];
const EXTENSION: Record<OutputFormat, string> = { png: ".png", jpeg: ".jpg", webp: ".webp" };
/** Extensions of pictures that are not written here. */
const FOREIGN = /^\.(gif|bmp|dib|tiff?|avif|hei[cf]|jxl|jp2|ico|psd|svg)$/i;

/**
 * Names all results.
 *
 * Pictures of a folder that are results of others there are left out, so that a command can be run again.
 *
 * @throws {UsageError} If two results have one name, or one is an input, or `-o` cannot hold them all.
 */
export async function planTargets(
  inputs: readonly Input[],
  settings: Settings,
  naming: Naming,
): Promise<Target[]> {
  if (settings.output !== undefined && inputs.length > 1) {
    throw new UsageError(
      `-o names one file, but there are ${inputs.length} pictures: write --out DIR instead`,
    );
  }
  const named = inputs.map((input) => nameTarget(input, settings, naming));
  const targets = await withoutOwnResults(named);
  await refuseCollisions(targets, settings);
  await refuseInputs(targets);
  return targets;
}

/** Names the results of one input; one with a problem has none. */
function nameTarget(input: Input, settings: Settings, naming: Naming): Target {
  const { output, out, samples = 1 } = settings;
  const scale = settings.scale ?? naming.scale;
  if (output === "-") {
    if (samples > 1) throw new UsageError("standard output holds one picture: leave --samples out");
    const format = settings.format ?? "png";
    const preview = input.place.slice(0, -extname(input.place).length || undefined) + ".png";
    return { input, paths: ["-"], format, preview, notes: [] };
  }
  const beside = join(
    dirname(input.path),
    suffixed(basename(input.path), `-${naming.id}-x${scale}`),
  );
  const wanted = output ?? (out !== undefined ? join(out, input.place) : beside);
  const { path, format, notes } = output !== undefined
    ? exactName(wanted, settings.format)
    : keptName(wanted, settings.format);
  const paths = input.problem ? [] : numbered(path, samples);
  const preview = output === undefined
    ? join(dirname(input.place), basename(path))
    : basename(path);
  return { input, paths, format, preview, notes };
}

/** A name made here: its extension follows the format. */
function keptName(
  path: string,
  asked?: OutputFormat,
): Omit<Target, "input" | "paths" | "preview"> & {
  path: string;
} {
  const extension = extname(path);
  const own = formatOf(extension);
  const format = asked ?? own ?? "png";
  if (own === format) return { path, format, notes: [] };
  const stem = own || FOREIGN.test(extension) ? path.slice(0, -extension.length) : path;
  const notes = asked || own
    ? []
    : [`written as PNG: ${extension || "no extension"} is not written`];
  return { path: stem + EXTENSION[format], format, notes };
}

/** The name after `-o`: kept, unless it names a format that is not written here. */
function exactName(path: string, asked?: OutputFormat): ReturnType<typeof keptName> {
  const own = formatOf(extname(path));
  if (own && asked && own !== asked) {
    throw new UsageError(`-o ${path} and --format ${asked} contradict each other`);
  }
  if (own || FOREIGN.test(extname(path))) return keptName(path, asked);
  return { path, format: asked ?? "png", notes: asked ? [] : ["written as PNG"] };
}

function formatOf(extension: string): OutputFormat | undefined {
  return FORMATS.find(([, pattern]) => pattern.test(extension))?.[0];
}

/** Puts `suffix` before the extension. */
export function suffixed(path: string, suffix: string): string {
  const extension = extname(path);
  return path.slice(0, path.length - extension.length) + suffix + extension;
}

function numbered(path: string, samples: number): string[] {
  if (samples === 1) return [path];
  return Array.from({ length: samples }, (_, i) => suffixed(path, `-${i + 1}`));
}
