/**
 * Says where to get each set of images and under which terms, compares a folder with a set, and makes low-resolution
 * images:
 *
 *     deno task data
 *     deno task data check Set5 FOLDER
 *     deno task data lr FOLDER --scale 4
 *
 * @module
 */

import { Command, InvalidArgumentError } from "commander";
import { encodeImage } from "../lib/image/files/encode.ts";
import { readImage } from "../lib/image/files/read.ts";
import { cropImage } from "../lib/image/crop.ts";
import { resizeImage } from "../lib/image/resize.ts";
import { exists, writeWhole } from "./files.ts";
import { type KnownSet, knownSets, pixelDigest, pixelsOf } from "./known_sets.ts";
import { findSet, stems } from "./sets.ts";

/** How a folder compares with a set. */
export interface DataReport {
  /** Images that were found. */
  readonly images: number;
  /** What is wrong; empty for the set itself. */
  readonly faults: readonly string[];
  /** What the images were compared by: their pixels, their names, or their number alone. */
  readonly compared: "pixels" | "names" | "number";
}

/**
 * Compares a folder with what is known of a set: the number of its images, their pixels or at least their names, and
 * the sizes of the low-resolution ones.
 *
 * @throws {Error} If the set is unknown, or the folder holds no images in a layout that the bench reads.
 */
export async function checkData(name: string, folder: string, scale = 4): Promise<DataReport> {
  const set = knownSet(name);
  const { images } = await findSet(folder, folder, scale);
  const faults: string[] = [];
  if (set.images !== undefined && images.length !== set.images) {
    faults.push(`it has ${images.length} images, ${set.name} has ${set.images}`);
  }
  const known = await pixelsOf(set);
  if (!known) faults.push(...misnamed(set, images.map((image) => image.name)));
  const seen = new Set<string>();
  for (const { name: image, high, low } of images) {
    const picture = await readImage(high);
    const digest = await pixelDigest(picture);
    if (known && !known.has(digest)) {
      faults.push(`${image} (${picture.width}x${picture.height}) is not an image of ${set.name}`);
    } else if (seen.has(digest)) faults.push(`${image} is there twice`);
    seen.add(digest);
    if (low) {
      const { width, height } = await readImage(low);
      const wanted = [Math.floor(picture.width / scale), Math.floor(picture.height / scale)];
      // Some sets are cut to a multiple of 12 before they are shrunk.
      if (Math.abs(width - wanted[0]) * scale >= 12 || Math.abs(height - wanted[1]) * scale >= 12) {
        faults.push(`${low} is ${width}x${height}, not ${wanted.join("x")}`);
      }
    }
  }
  for (const [digest, image] of known ?? []) {
    if (!seen.has(digest)) faults.push(`${image} of ${set.name} is missing`);
  }
  return { images: images.length, faults, compared: comparison(set, known !== undefined) };
}

function comparison({ names }: KnownSet, hasPixels: boolean): DataReport["compared"] {
  return hasPixels ? "pixels" : names ? "names" : "number";
}

/** Lists the wrong and the missing names, at most five of each. */
function misnamed({ name, names }: KnownSet, found: readonly string[]): string[] {
  if (!names) return [];
  const [wanted, had] = [new Set(names), new Set(found)];
  const told = (list: string[], one: string, several: string) => {
    if (list.length === 0) return [];
    const more = list.length > 5 ? ` and ${list.length - 5} more` : "";
    return [
      `${list.slice(0, 5).join(", ")}${more} ${list.length === 1 ? one : several} ${name}`,
    ];
  };
  return [
    ...told(found.filter((image) => !wanted.has(image)), "is not a name in", "are not names in"),
    ...told(names.filter((image) => !had.has(image)), "is missing from", "are missing from"),
  ];
}

function knownSet(name: string): KnownSet {
  const found = knownSets.find((set) => set.name.toLowerCase() === name.toLowerCase());
  if (found) return found;
  const names = knownSets.map((set) => set.name).join(", ");
  throw new Error(`Cannot check "${name}": the known sets are ${names}`);
}

/**
 * Shrinks the images of `FOLDER/HR`, or those of the folder itself, by the exact bicubic into `FOLDER/LRxSCALE`,
 * cut at the right and bottom to a multiple of the scale. Existing files stay.
 *
 * @returns The number of images written.
 * @throws {Error} If there are no images, or one is smaller than the scale.
 */
export async function makeLow(folder: string, scale: number): Promise<number> {
  const source = await exists(`${folder}/HR`) ? `${folder}/HR` : folder;
  const found = await stems(source);
  if (found.size === 0) {
    throw new Error(`Cannot make low-resolution images: there are no images in ${source}`);
  }
  const target = `${folder}/LRx${scale}`;
  await Deno.mkdir(target, { recursive: true });
  let written = 0;
  for (const [name, path] of found) {
    if (await exists(`${target}/${name}.png`)) continue;
    const high = await readImage(path);
    const size = { width: Math.floor(high.width / scale), height: Math.floor(high.height / scale) };
    if (size.width < 1 || size.height < 1) {
      throw new Error(
        `Cannot shrink ${path}: ${high.width}x${high.height} is smaller than ${scale}`,
      );
    }
    const whole = { x: 0, y: 0, width: size.width * scale, height: size.height * scale };
    const low = resizeImage(cropImage(high, whole), size);
    await writeWhole(`${target}/${name}.png`, await encodeImage(low, { format: "png" }));
    written++;
  }
  return written;
}

/** Describes all sets, as text for the terminal. */
async function listing(): Promise<string> {
  const sets = await Promise.all(knownSets.map(async (set) => {
    const { name, use, images, place, terms, source } = set;
    const compared = comparison(set, await pixelsOf(set) !== undefined);
    return `${name}: ${images === undefined ? "" : `${images} images, `}for ${use}\n` +
      `  where: ${place}\n  terms: ${terms}\n  terms read in: ${source}\n  check: ${
        CHECKS[compared]
      }`;
  }));
  return sets.join("\n");
}

/** How closely a folder can be compared with a set, as text for the terminal. */
const CHECKS: Readonly<Record<DataReport["compared"], string>> = {
  pixels: "to the pixel",
  names: "names and number alone: the set was not available to record its pixels",
  number: "number alone",
};

function scaleOf(text: string): number {
  const scale = Number(text);
  if (Number.isInteger(scale) && scale >= 2 && scale <= 16) return scale;
  throw new InvalidArgumentError("it must be a whole number from 2 to 16");
}

async function main(): Promise<number> {
  let code = 0;
  const program = new Command("data")
    .description("Says where to get sets of images; checks them; makes low-resolution images.")
    .action(async () => {
      console.log(await listing());
      console.log("\nA set is checked with: deno task data check NAME FOLDER");
    });
  program.command("check").argument("<set>").argument("<folder>")
    .description("compare a folder with a set, to the pixel where its pixels are known")
    .option("--scale <n>", "of the low-resolution images, if there are some", scaleOf, 4)
    .action(async (set: string, folder: string, { scale }: { scale: number }) => {
      const { images, faults, compared } = await checkData(set, folder, scale);
      for (const fault of faults) console.error(`${folder}: ${fault}`);
      if (faults.length > 0) code = 1;
      else {
        const how = {
          pixels: "every pixel is right",
          names: "their names are right, their pixels are not known here",
          number: "neither their names nor their pixels are known here",
        }[compared];
        console.log(`${folder}: ${images} images of ${set}, ${how}`);
      }
    });
  program.command("lr").argument("<folder>")
    .description("make FOLDER/LRxSCALE of FOLDER/HR, or of the images in it")
    .option("--scale <n>", "how many times smaller", scaleOf, 4)
    .action(async (folder: string, { scale }: { scale: number }) => {
      console.log(`${await makeLow(folder, scale)} images written to ${folder}/LRx${scale}`);
    });
  await program.parseAsync(Deno.args, { from: "user" });
  return code;
}

if (import.meta.main) {
  Deno.exit(
    await main().catch((error) => {
      console.error(`error: ${error.message}`);
      return 1;
    }),
  );
}
