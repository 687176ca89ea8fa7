/** Test sets on disk: folders of high-resolution images, with or without their low-resolution ones. @module */

import { basename, resolve } from "node:path";
import { exists, sha256 } from "./files.ts";

/** Where the sets are looked for if no folder is named: beside the project. */
export const SETS_FOLDER = new URL("../../shared/data/eval", import.meta.url).pathname;

/** One image of a set. */
export interface SetImage {
  /** File name without its extension. */
  readonly name: string;
  /** Path of the high-resolution file. */
  readonly high: string;
  /** Path of the low-resolution file; if absent, it is made by the exact bicubic. */
  readonly low?: string;
}

/** The images of a set at one scale. */
export interface BenchSet {
  /** Such as `Set5`. */
  readonly name: string;
  /** How many times smaller the low-resolution images are. */
  readonly scale: number;
  /** In the order of their names. */
  readonly images: readonly SetImage[];
}

/** Images that have no truth to compare with. */
export interface RealSet extends Omit<BenchSet, "images"> {
  /** In the order of their names; `low` is the file to enlarge. */
  readonly images: readonly { readonly name: string; readonly low: string }[];
}

/** The folders of a layout, and the suffixes of image names in them. */
interface Layout {
  readonly high: string;
  readonly highEnd?: string;
  readonly low?: string;
  readonly lowEnd?: string;
}

const PICTURE = /\.(png|jpe?g|webp)$/i;

/** Known layouts, those with low-resolution files first. */
function layouts(scale: number): Layout[] {
  const div2k = { low: `DIV2K_valid_LR_bicubic/X${scale}`, lowEnd: `x${scale}` };
  const selfEx = `image_SRF_${scale}`;
  return [
    { high: "HR", low: `LRx${scale}` },
    { high: "HR", low: `LR_bicubic/X${scale}`, lowEnd: `x${scale}` }, // EDSR's benchmark folder
    { high: "GTmod12", low: `LRbicx${scale}` }, // BasicSR
    { high: selfEx, highEnd: `_SRF_${scale}_HR`, low: selfEx, lowEnd: `_SRF_${scale}_LR` }, // SelfExSR
    { high: "DIV2K_valid_HR", ...div2k },
    { high: "../DIV2K_valid_HR", ...div2k, low: `../${div2k.low}` },
    { high: "HR" },
    { high: "GTmod12" },
    { high: "DIV2K_valid_HR" },
    { high: "../DIV2K_valid_HR" },
    { high: "." },
  ];
}

/**
 * Finds a set by name below `data`, or by its path.
 *
 * @throws {Error} If there is no such folder or no image in it.
 */
export async function findSet(data: string, name: string, scale: number): Promise<BenchSet> {
  const root = await exists(`${data}/${name}`) ? `${data}/${name}` : name;
  const isDiv2k = name === "DIV2K";
  for (const layout of layouts(scale)) {
    if (layout.high.startsWith("..") && !isDiv2k) continue;
    const base = isDiv2k && layout.high.startsWith("..") ? `${data}/DIV2K` : root;
    const images = await imagesOf(base.replace(/\/$/, ""), layout, scale);
    if (images.length === 0) continue;
    if (layout.low === undefined) await refuseUnreadInputs(root, scale);
    return { name: basename(resolve(name)), scale, images };
  }
  throw new Error(
    `Cannot find the set "${name}" x${scale}: neither ${data}/${name} nor ${name} is a folder of ` +
      `images (HR with LRx${scale}, or images alone). Below --data: ${await foldersOf(
        data,
      )}. ` +
      `Give --data with the folder of the sets, or --set with a folder of images; "deno task data" says ` +
      `where to get the sets`,
  );
}

/**
 * Refuses a folder of inputs in an unknown layout, which would otherwise be ignored while other inputs are measured.
 *
 * @throws {Error} If there is such a folder that is not named after another scale.
 */
async function refuseUnreadInputs(root: string, scale: number): Promise<void> {
  if (!await exists(root)) return;
  for await (const { name, isDirectory } of Deno.readDir(root)) {
    if (!isDirectory || !/^(lr|low|input)/i.test(name)) continue;
    const ofOther = [2, 3, 4, 8].some((other) => other !== scale && name.endsWith(String(other)));
    if (ofOther || (await stems(`${root}/${name}`)).size === 0) continue;
    throw new Error(
      `Cannot use the set in ${root}: its folder ${name} is in no known layout, so its images would ` +
        `not be measured. Name it LRx${scale}, with the images named as those of HR, or move it away`,
    );
  }
}

/**
 * Images of unknown origin, to be enlarged without a truth to compare with.
 *
 * @throws {Error} If there is no such folder or no image in it.
 */
export async function findReal(folder: string, scale: number): Promise<RealSet> {
  const found = await stems(folder.replace(/\/$/, ""));
  if (found.size === 0) {
    throw new Error(`Cannot find images to enlarge (--real): there are none in ${folder}`);
  }
  const images = [...found].map(([name, low]) => ({ name, low }));
  images.sort((a, b) => a.name < b.name ? -1 : 1);
  return { name: basename(resolve(folder)), scale, images };
}

/** Names of the folders in a folder, for a message. */
async function foldersOf(folder: string): Promise<string> {
  if (!await exists(folder)) return "nothing";
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) if (isDirectory) names.push(name);
  return names.sort().join(", ") || "nothing";
}

async function imagesOf(root: string, layout: Layout, scale: number): Promise<SetImage[]> {
  const { high, highEnd = "", low, lowEnd = "" } = layout;
  const folder = join(root, high);
  const lowFiles = low === undefined ? undefined : await stems(join(root, low));
  if (lowFiles?.size === 0) return [];
  const images: SetImage[] = [], single: string[] = [];
  for (const [stem, path] of await stems(folder)) {
    if (!stem.endsWith(highEnd)) continue;
    const name = stem.slice(0, stem.length - highEnd.length);
    const lowPath = lowFiles?.get(name + lowEnd) ?? lowFiles?.get(`${name}x${scale}`) ??
      lowFiles?.get(`${name}_x${scale}`);
    if (lowFiles && !lowPath) single.push(name);
    else images.push({ name, high: path, low: lowPath });
  }
  if (single.length > 0) {
    throw new Error(
      `Cannot use the set in ${root}: ${low} has no image for ${single.sort().join(", ")}`,
    );
  }
  return images.sort((a, b) => a.name < b.name ? -1 : 1);
}

/**
 * Images of a folder by their names without extension; none where there is no folder.
 *
 * @throws {Error} If two images have the same name but for the extension.
 */
export async function stems(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  if (!await exists(folder)) return found;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    // macOS writes a file ._NAME next to every file on disks of other systems.
    if (isDirectory || name.startsWith("._") || !PICTURE.test(name)) continue;
    const stem = name.replace(PICTURE, ""), path = `${folder}/${name}`;
    if (found.has(stem)) {
      throw new Error(`Cannot tell ${found.get(stem)} from ${path} by name: rename one of them`);
    }
    found.set(stem, path);
  }
  return found;
}

/** Resolves `..` by name, since the folder that it starts from need not exist. */
function join(root: string, path: string): string {
  if (path === ".") return root;
  return path.startsWith("../")
    ? join(root.replace(/\/?[^/]*$/, "") || ".", path.slice(3))
    : `${root}/${path}`;
}

/** What a digest is made of. */
interface Files {
  readonly images: readonly {
    readonly name: string;
    readonly high?: string;
    readonly low?: string;
  }[];
}

/** SHA-256 of the names and bytes of all files of a set. */
export async function digestOf({ images }: Files): Promise<string> {
  const lines: string[] = [];
  for (const { name, high, low } of images) {
    const digests: string[] = [];
    for (const file of [high, low]) {
      if (file) digests.push(await sha256(await Deno.readFile(file)));
    }
    lines.push(`${name} ${digests.join(" ")}`);
  }
  return await sha256(new TextEncoder().encode(lines.join("\n")));
}
