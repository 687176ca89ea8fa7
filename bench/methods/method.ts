/** The contract of what is measured. @module */

import type { Image } from "../../lib/image/image.ts";

/** Something that enlarges images. */
export interface Method extends AsyncDisposable {
  /** Name in the tables; unique in a run. */
  readonly name: string;
  /** The only scale that it supports; any if absent. */
  readonly scale?: number;
  /** Whether the seed changes its images. */
  readonly generative: boolean;
  /** Digest of all that its images depend on: figures are kept while it stays the same. */
  readonly digest: string;
  /** What the report says of it. */
  readonly facts: Facts;
  /** Enlarges one image. */
  enlarge(input: EnlargeInput): Promise<Image>;
}

/** One image to enlarge. */
export interface EnlargeInput {
  /** Low resolution. */
  readonly low: Image;
  /** How many times as large. */
  readonly scale: number;
  /** Seed of the noise. */
  readonly seed: number;
  /** Name of the set. */
  readonly set: string;
  /** Name of the image in it. */
  readonly image: string;
  /** Aborts the work. */
  readonly signal?: AbortSignal;
}

/** What the report says of a method. */
export interface Facts {
  /** What it is, in a few words. */
  readonly kind: string;
  /** The entry with its options, as `load()` and a child process find it again. */
  readonly spec?: string;
  /** Model of UpscalerJS. */
  readonly peer?: string;
  /** Family of a zoo entry. */
  readonly family?: string;
  /** What ran it. */
  readonly provider?: string;
  /** Precision of its graphs. */
  readonly precision?: string;
  /** Parameters of all its graphs. */
  readonly parameters?: number;
  /** Bytes of all its graphs. */
  readonly bytes?: number;
  /** Evaluations of the denoiser for one image. */
  readonly nfe?: number;
}

/** A method without resources. */
export function plainMethod(method: Omit<Method, typeof Symbol.asyncDispose>): Method {
  return { ...method, [Symbol.asyncDispose]: () => Promise.resolve() };
}
