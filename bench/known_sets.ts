/** The sets of images that super-resolution is trained and measured on. @module */

import type { Image } from "../lib/image/image.ts";
import { sha256 } from "./files.ts";

/** A set of images. */
export interface KnownSet {
  /** Its usual name. */
  readonly name: string;
  /** What it is for. */
  readonly use: "evaluation" | "training";
  /** Number of its images; absent where it has no fixed one. */
  readonly images?: number;
  /** Where it is had. */
  readonly place: string;
  /** Its terms, as its makers state them. */
  readonly terms: string;
}

const SELFEX = "https://github.com/jbhuang0604/SelfExSR (data/)";
const UNSTATED =
  "no licence stated; used for research by everybody, not to be passed on or trained on";

/** All sets, those to measure on first. */
export const knownSets: readonly KnownSet[] = [
  { name: "Set5", use: "evaluation", images: 5, place: SELFEX, terms: UNSTATED },
  { name: "Set14", use: "evaluation", images: 14, place: SELFEX, terms: UNSTATED },
  {
    ...{ name: "BSD100", use: "evaluation", images: 100, place: SELFEX },
    terms: "no licence stated; from the Berkeley Segmentation Dataset, for non-commercial research",
  },
  { name: "Urban100", use: "evaluation", images: 100, place: SELFEX, terms: UNSTATED },
  {
    ...{ name: "DIV2K-val", use: "evaluation", images: 100 },
    place: "https://data.vision.ee.ethz.ch/cvl/DIV2K/ (DIV2K_valid_HR)",
    terms: "academic research only; the copyright stays with the photographers",
  },
  {
    ...{ name: "CID22val", use: "evaluation", images: 41 },
    place: "https://cloudinary.com/labs/cid22 (CID22-512/validation)",
    terms: "CC BY-SA 4.0",
  },
  {
    ...{ name: "DF2K", use: "training", images: 3450 },
    place: "https://data.vision.ee.ethz.ch/cvl/DIV2K/ (800 of DIV2K_train_HR), and Flickr2K of " +
      "https://github.com/limbee/NTIRE2017 (2650)",
    terms: "academic research only: weights trained on it are researchOnly in their card",
  },
  {
    ...{ name: "FFHQ", use: "training", images: 70_000 },
    place: "https://github.com/NVlabs/ffhq-dataset",
    terms: "CC BY-NC-SA 4.0; each photograph has a licence of its own",
  },
  {
    ...{ name: "CelebA-HQ", use: "training", images: 30_000 },
    place: "https://github.com/tkarras/progressive_growing_of_gans (made of CelebA)",
    terms: "non-commercial research only",
  },
  {
    ...{ name: "open", use: "training" },
    place:
      "licence.data and ATTRIBUTION.md of each entry in zoo/ name its sources and authors; any photographs " +
      "of your own do: deno task prepare PHOTOS --out DATA",
    terms: "licences that allow any use: CC0, public domain, CC BY, MIT, Unsplash, Pexels",
  },
];

/** SHA-256 of the red, green and blue of an image and its size: the same for every file of these pixels. */
export async function pixelDigest({ width, height, data }: Image): Promise<string> {
  const head = new TextEncoder().encode(`${width}x${height}:`);
  const bytes = new Uint8Array(head.length + 3 * width * height);
  bytes.set(head);
  for (let i = 0, at = head.length; i < data.length; i += 4) {
    for (let c = 0; c < 3; c++) bytes[at++] = data[i + c];
  }
  return (await sha256(bytes)).slice(0, 24);
}

/** The names of a set's images by the digests of their pixels, or undefined where they are not known. */
export async function pixelsOf({ name }: KnownSet): Promise<Map<string, string> | undefined> {
  const text = await Deno.readTextFile(new URL("known_pixels.json", import.meta.url));
  const known: Record<string, Record<string, string>> = JSON.parse(text);
  return known[name] &&
    new Map(Object.entries(known[name]).map(([image, digest]) => [digest, image]));
}
