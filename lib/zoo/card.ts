/** The model card `model.yml`: what an entry is. `schema.ts` checks it. @module */

/** What `model.yml` says of one entry. */
export interface ModelCard {
  /** Name in the zoo and of the folder: lower-case letters, digits, `-` and `.`. */
  id: string;
  /** Name for people. */
  name: string;
  /** What it is good for, in a sentence or two. */
  description: string;
  /** Name in the table of families. */
  family: string;
  /** How many times larger its pictures get on each side, 1 to 16. */
  scale: number;
  /** Version of the entry. */
  version: string;
  /** Under which terms it may be used. */
  licence: Licence;
  /** Its networks by name; none for `bicubic`. */
  graphs: Record<string, GraphFile>;
  /** A recorded input and output of each graph, for the self-check after loading. */
  fixture?: Fixture;
  /** How a picture is cut for its networks. */
  tiling?: CardTiling;
  /** What the sampler must know, for a diffusion entry. */
  diffusion?: Diffusion;
  /** The numbers of steps that it can do, for a diffusion entry. */
  steps?: Steps;
  /** How the weights were made, by graph name. */
  training?: Record<string, Training>;
  /** The published checkpoint that the graphs were made from. */
  imported?: Imported;
  /** What `deno task bench:zoo` measured: a number by set, such as BSD100, and metric. */
  figures?: Record<string, Record<string, number>>;
  /** URL of the folder that the graphs' file names start from; set by the reader. */
  readonly base?: string;
}

/** The terms of the weights and of all data that they were trained on. */
export interface Licence {
  /** SPDX identifier of the weights' licence. */
  weights: string;
  /** The sources of the data. */
  data: DataSource[];
}

/** Pictures that an entry was trained on. */
export interface DataSource {
  /** Name of the set. */
  name: string;
  /** Its licence. */
  licence: string;
  /** Number of pictures. */
  pictures?: number;
  /** Whether its terms forbid anything but research. */
  researchOnly: boolean;
}

/** One ONNX file. */
export interface GraphFile {
  /** Plain name of a file beside `model.yml`, or what a download is called where `url` is given. */
  file: string;
  /** Where a graph too large for the repository is fetched from. */
  url?: string;
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
  /** Smaller pictures are enlarged to this side before the network sees them. */
  minimum?: number;
  /** The network looks at whole tiles, so that results differ with their size. */
  blended: boolean;
}

/** What the sampler of a diffusion entry must know. */
export interface Diffusion {
  /** The noise schedule. */
  schedule: CosineSchedule | LinearSchedule;
  /** What the network's output estimates. */
  prediction: "eps" | "x0" | "v";
  /** x0 is clamped to [-clip, clip]. */
  clip?: number;
  /** What the residual is added to: the encoder's picture, exact bicubic, or SRDiff's. */
  base: "estimate" | "bicubic" | "bicubic256";
  /** x0 = residualScale * (hr - base). */
  residualScale: number;
  /** The default sampler. */
  sampler: "ddpm" | "ddim" | "dpmpp2m";
}

/** The cosine schedule of Nichol and Dhariwal. */
export interface CosineSchedule {
  /** Discriminates the schedules. */
  kind: "cosine";
  /** Number of timesteps. */
  timesteps: number;
  /** Offset of the cosine. */
  s: number;
}

/** Betas in equal distances. */
export interface LinearSchedule {
  /** Discriminates the schedules. */
  kind: "linear";
  /** Number of timesteps. */
  timesteps: number;
  /** Beta of timestep 0. */
  first: number;
  /** Beta of the last timestep. */
  last: number;
  /** The last beta, where it is forced to a value. */
  lastForced?: number;
}

/** Numbers of steps. */
export interface Steps {
  /** Where the user gives none. */
  default: number;
  /** The most that make sense. */
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
  /** The weights that it started from. */
  initFrom?: string;
  /** What was minimised. */
  losses?: string;
}

/** A published checkpoint. */
export interface Imported {
  /** The code base that the checkpoint comes from. */
  system: string;
  /** Its file. */
  file: string;
  /** SHA-256 of the file, in hex. */
  sha256: string;
  /** Size of the file. */
  bytes: number;
}
