/** Damaged inputs of a set, made once by the pipeline of training and kept. @module */

import { basename } from "node:path";
import { exists, sha256 } from "./files.ts";
import type { BenchSet } from "./sets.ts";
import { runTrainingModule } from "./training.ts";

const root = new URL("../", import.meta.url);

/** The code that the files depend on, below train/srzoo_train. */
const CODE = ["bicubic.py", "data/damage.py", "data/kernels.py", "data/tracks.py"];

/** Names of the tracks; `clean` is the set as it is. train/srzoo_train/data/tracks.py makes the others. */
export const tracks: readonly string[] = [
  "clean",
  "jpeg75",
  "jpeg50",
  "jpeg30",
  "n5",
  "n5j75",
  "blur",
  "worst",
];

/**
 * The set with the damaged inputs of a track; as it is for `clean`.
 *
 * @param cache Folder that keeps the files, named by a digest of all they depend on.
 * @throws {Error} If Python or the pipeline fails.
 */
export async function degraded(set: BenchSet, track: string, cache: string): Promise<BenchSet> {
  if (track === "clean") return set;
  const folder = `${cache}/${set.name}x${set.scale}-${track}-${await digestOf(set, track)}`;
  if (!await exists(folder)) await make(set, track, folder);
  const images = set.images.map((image) => ({ ...image, low: `${folder}/${fileOf(image.high)}` }));
  return { ...set, name: `${set.name}-${track}`, images };
}

/** Makes the files; the folder gets its name once all of them are written. */
async function make(set: BenchSet, track: string, folder: string): Promise<void> {
  const part = `${folder}.part`;
  await runTrainingModule("srzoo_train.data.tracks", [
    ...["--track", track, "--scale", String(set.scale), "--out", part],
    ...set.images.map(({ high }) => high),
  ], `make the inputs ${track} of ${set.name}`);
  await Deno.rename(part, folder);
}

function fileOf(high: string): string {
  return basename(high).replace(/\.[^.]*$/, ".png");
}

/** Digest of the high-resolution files, their names, and the pipeline. */
async function digestOf({ images, scale }: BenchSet, track: string): Promise<string> {
  const lines = [track, String(scale)];
  for (const { high } of images) lines.push(fileOf(high), await sha256(await Deno.readFile(high)));
  for (const file of CODE) {
    lines.push(await sha256(await Deno.readFile(new URL(`train/srzoo_train/${file}`, root))));
  }
  return (await sha256(new TextEncoder().encode(lines.join("\n")))).slice(0, 12);
}
