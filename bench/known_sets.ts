/** The sets of images that super-resolution is trained and measured on. @module */

import type { Image } from "../lib/image/image.ts";
import { sha256 } from "./files.ts";

/** A set of images. */
export interface KnownSet {
  /** Its usual name. */
  readonly name: string;
  /** What it is for. */
  readonly use: "evaluation" | "training";
  /** Number of its images; absent if it has no fixed number. */
  readonly images?: number;
  /** Names of its files without their extension, if they are fixed. */
  readonly names?: readonly string[];
  /** Where to get it. */
  readonly place: string;
  /** Its terms, as its makers state them. */
  readonly terms: string;
  /** Where these terms are stated, or who quotes them if the page itself could not be read. */
  readonly source: string;
}

const SELFEX = "https://github.com/jbhuang0604/SelfExSR (data/)";
const UNSTATED = {
  place: SELFEX,
  terms: "no licence stated; widely used for research, not to be redistributed or trained on",
  source:
    "README.md of that repository, which names Bevilacqua et al. 2012 (Set5) and Zeyde et al. 2010 (Set14)",
};

/** Names such as `img_001`, with this number of digits; without a prefix, numbers alone. */
function numbered(first: number, last: number, digits: number, before = ""): readonly string[] {
  return Array.from(
    { length: last - first + 1 },
    (_, i) => before + String(first + i).padStart(digits, "0"),
  );
}

/** All sets, those to measure on first. */
export const knownSets: readonly KnownSet[] = [
  { name: "Set5", use: "evaluation", images: 5, ...UNSTATED },
  { name: "Set14", use: "evaluation", images: 14, ...UNSTATED },
  {
    ...{ name: "BSD100", use: "evaluation", images: 100, place: SELFEX },
    terms:
      "no licence stated there; from the Berkeley Segmentation Dataset, which is for non-commercial " +
      "research and education",
    source: "https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/bsds/ (as others quote it)",
  },
  {
    ...{ name: "Urban100", use: "evaluation", images: 100, place: SELFEX },
    names: numbered(1, 100, 3, "img_"),
    terms:
      "no licence stated; photographs from Flickr under Creative Commons licences, without saying which",
    source:
      "Huang et al., CVPR 2015 (as the card of huggingface.co/datasets/eugenesiow/Urban100 quotes it)",
  },
  {
    ...{ name: "DIV2K-val", use: "evaluation", images: 100 },
    names: numbered(801, 900, 4),
    place: "https://data.vision.ee.ethz.ch/cvl/DIV2K/ (DIV2K_valid_HR.zip)",
    terms: "academic research only; the copyright belongs to the original owners",
    source: "the same page (as others quote it)",
  },
  {
    ...{ name: "CID22val", use: "evaluation", images: 41 },
    place: "https://github.com/imazen/codec-corpus (CID22/CID22-512/validation), from " +
      "https://cloudinary.com/labs/cid22, whose own validation set is another one, of 49 images",
    terms: "CC BY-SA 4.0",
    source: "README.md of that repository",
  },
  {
    ...{ name: "DF2K", use: "training", images: 3450 },
    place: "https://data.vision.ee.ethz.ch/cvl/DIV2K/ (800 of DIV2K_train_HR.zip), and Flickr2K " +
      "(2650), https://cv.snu.ac.kr/research/EDSR/Flickr2K.tar",
    terms:
      "DIV2K: academic research only; Flickr2K: no licence stated, photographs of many people. Weights " +
      "trained on it are researchOnly in their card",
    source: "the page of DIV2K (as others quote it); https://github.com/limbee/NTIRE2017",
  },
  {
    ...{ name: "FFHQ", use: "training", images: 70_000 },
    names: numbered(0, 69_999, 5),
    place:
      "https://github.com/NVlabs/ffhq-dataset (its ffhq-dataset-v2.json has the MD5 of each image's pixels)",
    terms:
      "the set: CC BY-NC-SA 4.0; each photograph: CC BY 2.0, CC BY-NC 2.0, public domain or a work of the " +
      "U.S. government",
    source: "README.md of that repository",
  },
  {
    ...{ name: "CelebA-HQ", use: "training", images: 30_000 },
    place: "https://github.com/tkarras/progressive_growing_of_gans (made of CelebA)",
    terms: "CelebA: non-commercial research only, its images must not be redistributed",
    source: "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html (as others quote it)",
  },
  {
    ...{ name: "open", use: "training" },
    place:
      "licence.data and ATTRIBUTION.md of each entry in zoo/ name its sources and authors; any photographs " +
      "of your own do: deno task prepare PHOTOS --out DATA",
    terms: "licences that allow any use: CC0, public domain, CC BY, MIT, Unsplash, Pexels",
    source: "each ATTRIBUTION.md",
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
