/** The verb `new`: creates an entry. @module */

import { InvalidArgumentError, Option } from "commander";
import { stringify } from "yaml";
import { families } from "../../lib/models/mod.ts";
import { parametersOf } from "../../lib/onnx/parameters.ts";
import { distrust } from "../../lib/onnx/trust.ts";
import { sha256Of } from "../../lib/sha256.ts";
import { readFile } from "../../lib/zoo/file.ts";
import { alignUp } from "../../lib/tiling.ts";
import { limits } from "../../lib/zoo/limits.ts";
import { checkCard } from "../../lib/zoo/read.ts";
import { wholeWithin } from "../values.ts";
import { reasonOf } from "../writer.ts";
import { markUnfinished } from "../unfinished.ts";
import type { Verb } from "./desk.ts";

/** What an entry is made of. */
export interface NewEntry {
  /** Name in the table of families. */
  family: string;
  /** Its scale. */
  scale: number;
  /** SPDX identifier of the weights' licence. */
  licence: string;
  /** The sides of its networks' inputs are multiples of this. */
  multiple: number;
  /** ONNX files by the names of the graphs. */
  graphs: Readonly<Record<string, string>>;
}

/** What cards of some families need besides their graphs; the author of an entry edits it. */
const SECTIONS: Readonly<Record<string, Record<string, unknown>>> = {
  srdiff: diffusion("estimate"),
  sr3: {
    ...diffusion("none"),
    diffusion: { ...diffusion("none").diffusion, condition: "bicubic" },
  },
  ddpm: diffusion("none"),
};

function diffusion(base: string) {
  return {
    diffusion: {
      schedule: { kind: "cosine", timesteps: 100 },
      ...{ prediction: "eps", base, residualScale: 1, sampler: "ddpm" },
    },
    steps: { default: 20, max: 100, trained: [] },
  };
}

/**
 * Creates an entry in a new folder: its graphs, a card that describes them, and a README.
 *
 * @param folder Path of a folder that does not exist; its name becomes the id.
 * @throws {ManifestError} If the name is not an id, or the family is unknown.
 * @throws {Error} If the folder exists, or a file cannot be used.
 */
export async function createEntry(folder: string, entry: NewEntry): Promise<void> {
  const id = folder.split(/[\\/]/).filter(Boolean).at(-1) ?? "";
  const files = await Promise.all(
    Object.entries(entry.graphs).map(([name, path]) => readGraph(name, path)),
  );
  const tiling = {
    size: alignUp(128, entry.multiple),
    overlap: alignUp(16, entry.multiple),
    multiple: entry.multiple,
  };
  const card = {
    ...{ id, name: id, description: "What it is good for, in one sentence." },
    ...{ family: entry.family, scale: entry.scale, version: "0.1.0" },
    licence: { weights: entry.licence, data: [] },
    graphs: Object.fromEntries(files.map(({ name, graph }) => [name, graph])),
    ...entry.family === "bicubic" ? {} : { tiling },
    ...SECTIONS[entry.family] ?? {},
  };
  checkCard(card, `${folder}/model.yml`);
  await Deno.mkdir(folder).catch((cause) => {
    throw new Error(`Cannot create ${folder}: ${reasonOf(cause)}`, { cause });
  });
  const isWhole = markUnfinished(folder);
  try {
    for (const { graph, bytes } of files) await Deno.writeFile(`${folder}/${graph.file}`, bytes);
    await Deno.writeTextFile(`${folder}/model.yml`, `${HEAD}${stringify(card)}`);
    await Deno.writeTextFile(`${folder}/README.md`, readme(id, entry));
  } catch (error) {
    await Deno.remove(folder, { recursive: true });
    throw error;
  } finally {
    isWhole();
  }
}

const HEAD = "# What the entry is; zoo/model.schema.json describes every key.\n";

async function readGraph(name: string, path: string) {
  const bytes = await readFile(path, limits.graph).catch((cause) => {
    throw new Error(`Cannot read ${path}: ${cause.message}`, { cause });
  });
  const fault = distrust(bytes);
  if (fault) throw new Error(`Cannot use ${path}: ${fault}`);
  const graph = {
    ...{ file: `${name}.onnx`, sha256: await sha256Of(bytes), bytes: bytes.length },
    ...{ precision: "fp32", parameters: parametersOf(bytes) },
  };
  return { name, bytes, graph };
}

function readme(id: string, { family, scale, licence }: NewEntry): string {
  return [
    `# ${id}`,
    `x${scale}, family ${family}, weights under ${licence}.`,
    "What it was trained on, what it does well, and where it fails.",
    "",
  ].join("\n\n");
}

/** Creates an entry. */
export const create: Verb = (program, desk) => {
  const collect = (text: string, before: Record<string, string> = {}) => {
    const [, name, path] = text.match(/^([^=]+)=(.+)$/) ?? [];
    if (!path) throw new InvalidArgumentError("It must be NAME=FILE, such as network=model.onnx.");
    return { ...before, [name]: path };
  };
  program.command("new").argument("<folder>", "a new folder; its name becomes the id")
    .description("create an entry: its card, its graphs, a README")
    .addOption(new Option("--family <family>").choices(Object.keys(families)).makeOptionMandatory())
    .option("--scale <n>", "scale of the enlargement", wholeWithin(1, 16), 4)
    .option(
      "--multiple <n>",
      "the sides of the networks' inputs are multiples of this",
      wholeWithin(1, 256),
      1,
    )
    .option("--licence <spdx>", "licence of the weights", "CC-BY-4.0")
    .option("--graph <name=file>", "an ONNX file; repeat for each graph", collect)
    .action(async (folder: string, { graph = {}, ...entry }) => {
      await createEntry(folder, { ...entry, graphs: graph });
      const next =
        `Edit ${folder}/model.yml, then run "zoo check ${folder}" and "zoo publish ${folder}".`;
      desk().tell({ folder, next }, `${folder} was created\n${next}`);
    });
};
