/** The results file: everything that was measured, image by image. @module */

import { exists, writeWhole } from "./files.ts";
import type { Figures } from "./figures.ts";
import type { Machine } from "./machine.ts";
import type { Facts } from "./methods/method.ts";
import type { SpeedRow } from "./speed/row.ts";

/** One sample of one image. */
export interface Sample {
  /** Seed of the noise; 0 where none is drawn. */
  readonly seed: number;
  /** Its figures. */
  readonly figures: Figures;
}

/** What one method did with one image. */
export interface Row {
  /** Name of the method. */
  readonly method: string;
  /** Digest of the method. */
  readonly methodDigest: string;
  /** Key of the set, such as `Set5x4`. */
  readonly set: string;
  /** Digest of the set. */
  readonly setDigest: string;
  /** Name of the image. */
  readonly image: string;
  /** One for each seed. */
  readonly samples: readonly Sample[];
  /** Figures of all samples together. */
  readonly together: Figures;
}

/** A failure. */
export interface Failure {
  /** Name of the method, or names with commas; absent if the image could not be read. */
  readonly method?: string;
  /** Key of the set; absent if the method could not be opened. */
  readonly set?: string;
  /** Name of the image. */
  readonly image?: string;
  /** Why, in one line. */
  readonly reason: string;
}

/** A method of the run. */
export interface MethodRecord {
  /** Name in the tables. */
  readonly name: string;
  /** Its only scale. */
  readonly scale?: number;
  /** Whether the seed changes its images. */
  readonly generative: boolean;
  /** Digest of all that its images depend on. */
  readonly digest: string;
  /** What it is. */
  readonly facts: Facts;
}

/** A set of the run. */
export interface SetRecord {
  /** Such as `Set5x4`, or `DIV2Kx4 64-256` under a protocol. */
  readonly key: string;
  /** Such as `Set5`. */
  readonly name: string;
  /** Scale. */
  readonly scale: number;
  /** What was cut out of its images. */
  readonly protocol: string;
  /** Number of images. */
  readonly images: number;
  /** Whether its images have no truth to compare with. */
  readonly isReal?: boolean;
  /** SHA-256 over its files. */
  readonly digest: string;
}

/** Set-wide figures that need all images, such as FID. */
export interface SetFigures {
  /** Name of the method. */
  readonly method: string;
  /** Key of the set. */
  readonly set: string;
  /** `FID` and `IS`. */
  readonly figures: Figures;
}

/** The whole file. */
export interface BenchRecord {
  /** Version of this format. */
  readonly format: 1;
  /** Command lines of all runs that wrote to it. */
  readonly commands: readonly string[];
  /** The machine of the last run. */
  readonly machine: Machine;
  /** Pairs of methods that are compared. */
  vs?: readonly (readonly [string, string])[];
  /** Why a column is empty. */
  notes: string[];
  /** The sets. */
  sets: SetRecord[];
  /** The methods. */
  methods: MethodRecord[];
  /** Figures of every image. */
  rows: Row[];
  /** Figures of whole sets. */
  whole: SetFigures[];
  /** Speed and memory. */
  speed: SpeedRow[];
  /** What failed in the last run. */
  failures: Failure[];
}

/** Reads a results file, or starts a new one. */
export async function openRecord(
  path: string,
  machine: Machine,
  command: string,
): Promise<BenchRecord> {
  const fresh: BenchRecord = {
    format: 1,
    commands: [command],
    machine,
    notes: [],
    sets: [],
    methods: [],
    rows: [],
    whole: [],
    speed: [],
    failures: [],
  };
  if (!await exists(path)) return fresh;
  const old = await readRecord(path);
  const commands = [...new Set([...old.commands, command])];
  return { ...fresh, ...old, commands, machine, notes: [], failures: [] };
}

/**
 * Reads a results file.
 *
 * @throws {SyntaxError} If it is not one.
 */
export async function readRecord(path: string): Promise<BenchRecord> {
  const record = parsed(await Deno.readTextFile(path));
  if (record?.format === 1) return record;
  throw new SyntaxError(
    `Cannot read ${path}: it is not a results file of format 1. Remove or rename it`,
  );
}

function parsed(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Writes a results file, whole or not at all. */
export async function saveRecord(path: string, record: BenchRecord): Promise<void> {
  await writeWhole(path, JSON.stringify(record, null, 1) + "\n");
}

/** Adds a row in place of an older one of the same method, set and image. */
export function putRow(record: Pick<BenchRecord, "rows">, row: Row): void {
  const same = (other: Row) =>
    other.method === row.method && other.set === row.set && other.image === row.image;
  record.rows = [...record.rows.filter((other) => !same(other)), row];
}
