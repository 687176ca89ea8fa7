/** The messages between the page and the worker that holds the library. @module */

import type { Image, Progress, UpscaleOptions } from "../../../mod.ts";

/** The options of a run that can be sent to a worker. */
export type RunOptions = Omit<UpscaleOptions, "signal" | "onProgress">;

/** Position of an image in a larger one, in pixels, so that it comes out as it would there. */
export interface Part {
  x: number;
  y: number;
  /** The larger image, if its damage is to be estimated. */
  whole?: Image;
}

/** What the page asks for; every answer repeats the `id`. */
export type Request =
  & { id: number }
  & (
    | { kind: "open"; model: string }
    | { kind: "decode"; file: Blob }
    | { kind: "plan"; width: number; height: number; options: RunOptions }
    | { kind: "enlarge"; image: Image; scale: number }
    | { kind: "run"; image: Image; options: RunOptions; part?: Part }
    | { kind: "encode"; image: Image; format: "png" | "jpeg" | "webp" }
    | { kind: "deviation"; images: readonly Image[] }
    | { kind: "cancel"; target: number }
  );

/** What the page needs to know about an entry. */
export interface Entry {
  id: string;
  name: string;
  scale: number;
  provider: string;
  tried: readonly { provider: string; reason: string }[];
  generative: boolean;
  steps?: { default: number; max: number };
  /** Range of the temperature. */
  temperature?: { default: number; max: number };
  /** How much damage it removes by default, and whether it can estimate the damage itself. */
  restore?: { default: number | "auto"; finds: boolean };
  licence: string;
}

/** What a run will take. */
export interface Cost {
  width: number;
  height: number;
  runs: number;
  memory: number;
  warnings: readonly string[];
}

/** The results of a run. */
export interface Made {
  images: readonly Image[];
  seed?: number;
  /** How much damage was removed, 0 to 1, for an entry that has the choice. */
  restore?: number;
  warnings: readonly string[];
  seconds: number;
}

/** What the worker answers. */
export type Reply =
  & { id: number }
  & (
    | { kind: "progress"; progress: Progress }
    | { kind: "download"; received: number; total: number }
    | { kind: "preview"; image: Image; sample: number; step: number; steps: number }
    | { kind: "done"; value: unknown }
    | { kind: "failed"; name: string; message: string }
  );
