/** The model card `model.yml`: what an entry is. `schema.ts` checks it. @module */

import type { SamplerName } from "../diffusion/samplers/mod.ts";

/** What `model.yml` says about one entry. */
export interface ModelCard {
  /** Name in the zoo and of the folder: lower-case letters, digits, `-` and `.`. */
  id: string;
  /** Name for people. */
  name: string;
  /** What it is good for, in a sentence or two. */
  description: string;
  /** Name in the table of families. */
  family: string;
  /** Factor by which each side of an image grows, 1 to 16. */
  scale: number;
  /** Version of the entry. */
  version: string;
  /** The terms of use. */
  licence: Licence;
  /** Its networks by name; none for `bicubic`. */
  graphs: Record<string, GraphFile>;
  /** The same networks with int8 convolutions. */
  int8?: Int8;
  /** A recorded input and output of each graph, for the self-check after loading. */
  fixture?: Fixture;
  /** How an image is cut for its networks. */
  tiling?: CardTiling;
  /** Settings of the sampler, for a diffusion entry. */
  diffusion?: Diffusion;
  /** The possible numbers of steps, for a diffusion entry. */
  steps?: Steps;
  /** The latents and how they are sampled, for a flow entry. */
  flow?: Flow;
  /** How much damage is removed, for an entry whose graphs have the input `restore`. */
  restore?: Restore;
  /** How the weights were made, by graph name. */
  training?: Record<string, Training>;
  /** The published checkpoint from which the graphs were made. */
  imported?: Imported;
  /** Figures from `deno task bench:zoo`, by set, such as BSD100, and metric. */
  figures?: Record<string, Record<string, number>>;
  /** URL of the folder that file names are relative to; set by the reader. */
  readonly base?: string;
}

/** The terms of the weights and of all data that they were trained on. */
export interface Licence {
  /** SPDX identifier of the weights' licence. */
  weights: string;
  /** What else users must know about the terms, in one sentence. */
  note?: string;
  /** File, relative to `model.yml`, that names the authors of the data. */
  attribution?: string;
  /** The sources of the data. */
  data: DataSource[];
}

/** Images that an entry was trained on. */
export interface DataSource {
  /** Name of the set. */
  name: string;
  /** Its licence. */
  licence: string;
  /** Number of images. */
  pictures?: number;
  /** Whether its terms allow only research. */
  researchOnly: boolean;
}

/** Networks with int8 convolutions: faster on many CPUs, never on WebGPU, and not the same to the bit. */
export interface Int8 {
  /** Their files by the names of the graphs that they replace; the others stay as they are. */
  graphs: Record<string, Omit<GraphFile, "precision" | "parameters">>;
  /** A recorded input and output of every graph, for the self-check. */
  fixture?: Fixture;
  /**
   * How they change the figures, by set, from `deno task bench:zoo`: PSNR on luma in dB (less is
   * worse) and LPIPS (more is worse), means over `images`.
   */
  difference?: Record<string, { images: number; psnrY: number; lpips: number }>;
}

/** One ONNX file. */
export interface GraphFile {
  /** Plain name of a file beside `model.yml`, or the name of the download if `url` is given. */
  file: string;
  /** URL of a graph that is too large for the repository. */
  url?: string;
  /** URLs to try if `url` fails, in order. */
  mirrors?: string[];
  /** SHA-256 in hex. */
  sha256: string;
  /** Size of the file. */
  bytes: number;
  /** Precision of the weights; inputs and outputs are float32. */
  precision: "fp32" | "fp16" | "int8";
  /** Number of weights. */
  parameters: number;
}

/** A recorded run: safetensors with `<graph>/in/<input>` and `<graph>/out/<output>`. */
export interface Fixture {
  /** Plain name of a file beside `model.yml`. */
  file: string;
  /** SHA-256 in hex. */
  sha256: string;
}

/** Tiles, in LR pixels. */
export interface CardTiling {
  /** Side of a tile. */
  size: number;
  /** Pixels that neighbours share: at least the radius of the network. */
  overlap: number;
  /** Sizes and offsets are multiples of this. */
  multiple: number;
  /** Smaller images are enlarged to this side before the network sees them. */
  minimum?: number;
  /** Whether the network sees whole tiles, so that results depend on their size. */
  blended: boolean;
}

/** Settings of a diffusion entry's sampler. */
export interface Diffusion {
  /** The noise schedule that the entry was trained with. */
  schedule: Schedule;
  /** The noise schedule for sampling, if it differs. */
  samplingSchedule?: Schedule;
  /** What the network's output estimates. */
  prediction: "eps" | "x0" | "v";
  /** x0 is clamped to [-clip, clip]. */
  clip?: number;
  /**
   * What the residual is added to: the encoder's image, exact bicubic, SRDiff's, or nothing, where the state
   * is the image itself.
   */
  base: "estimate" | "bicubic" | "bicubic256" | "none";
  /** x0 = residualScale * (hr - base). */
  residualScale: number;
  /** The default sampler. */
  sampler: SamplerName;
  /** Variance of an ancestral step: that of the posterior (the default), or beta_t. */
  variance?: "posterior" | "beta";
  /**
   * How the input is enlarged for the graph's input `condition`: exact bicubic, SRDiff's, Pillow's bicubic on
   * bytes, or PyTorch's (a = -0.75); absent if the graph has no such input.
   */
  condition?: "bicubic" | "bicubic256" | "pillow" | "torch";
}

/** Levels of noise, by the name of their rule. */
export type Schedule =
  | CosineSchedule
  | LinearSchedule
  | RisingSchedule
  | ConstSchedule
  | JsdSchedule;

/** The cosine schedule of Nichol and Dhariwal. */
export interface CosineSchedule {
  /** The rule. */
  kind: "cosine";
  /** Number of timesteps. */
  timesteps: number;
  /** Offset of the cosine. */
  s: number;
}

/** Evenly spaced betas. */
export interface LinearSchedule {
  /** The rule. */
  kind: "linear";
  /** Number of timesteps. */
  timesteps: number;
  /** Beta of timestep 0. */
  first: number;
  /** Beta of the last timestep. */
  last: number;
  /** The last beta, if it is forced to a value. */
  lastForced?: number;
}

/** Betas whose roots grow evenly (`quad`), or that grow over a tenth or half of the steps, then stay. */
export interface RisingSchedule {
  /** The rule. */
  kind: "quad" | "warmup10" | "warmup50";
  /** Number of timesteps. */
  timesteps: number;
  /** Beta of timestep 0. */
  first: number;
  /** Beta of the last timestep. */
  last: number;
}

/** Betas that are all equal. */
export interface ConstSchedule {
  /** The rule. */
  kind: "const";
  /** Number of timesteps. */
  timesteps: number;
  /** Every beta. */
  last: number;
}

/** Betas 1/T, 1/(T-1), ..., 1. */
export interface JsdSchedule {
  /** The rule. */
  kind: "jsd";
  /** Number of timesteps. */
  timesteps: number;
}

/** Settings of a flow entry. */
export interface Flow {
  /** The graph's latent inputs. */
  latents: FlowLatent[];
  /** Default scale of the latents, 0 to 1. */
  temperature: number;
  /** sr = base + residual / residualScale. */
  residualScale: number;
  /** What the residual is added to: the encoder's image, or nothing. */
  base: "estimate" | "none";
}

/** One latent of a flow. */
export interface FlowLatent {
  /** Name of the graph's input. */
  name: string;
  /** Channels. */
  channels: number;
  /** Size of its grid relative to the low-resolution grid: 1, 2, 0.5. */
  ratio: number;
}

/** How much of the input's damage an entry removes. */
export interface Restore {
  /** The default: from 0, none of it, to 1, all of it, or "auto", as much as the input shows. */
  default: "auto" | number;
}

/** Numbers of steps. */
export interface Steps {
  /** The default. */
  default: number;
  /** The largest useful number. */
  max: number;
  /** Those that the entry was trained for. */
  trained: TrainedSteps[];
}

/** One number of steps that an entry was trained for. */
export interface TrainedSteps {
  /** Number of steps. */
  steps: number;
  /** Descending indices of the schedule, one for each step. */
  timesteps: number[];
  /** Name of the graph that was trained for them. */
  graph: string;
  /** Pure noise, or the estimate noised to the first level. */
  start: "noise" | "estimate";
}

/** How one graph's weights were made. */
export interface Training {
  /** Name of the recipe. */
  recipe: string;
  /** The prepared data. */
  data: string;
  /** Updates of the weights. */
  steps: number;
  /** Seed of the run. */
  seed: number;
  /** Machine and time. */
  compute: string;
  /** Version of the training code. */
  code: string;
  /** The weights from which it started. */
  initFrom?: string;
  /** What was minimised. */
  losses?: string;
}

/** A published checkpoint. */
export interface Imported {
  /** The code base from which the checkpoint comes. */
  system: string;
  /** Its file. */
  file: string;
  /** SHA-256 of the file, in hex. */
  sha256: string;
  /** Size of the file. */
  bytes: number;
}
