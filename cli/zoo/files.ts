/** The verbs that handle files of entries: `pull`, `verify`, `remove`, `prune`. @module */

import { cacheFolder } from "../../lib/zoo/cache_folder.ts";
import { fetchFixture, fetchGraph, type ModelCard } from "../../lib/zoo/mod.ts";
import { NotHereError } from "../../lib/zoo/store.ts";
import { inPrecision } from "../../lib/precision.ts";
import { sha256Of } from "../../lib/sha256.ts";
import { inMegabytes } from "./table.ts";
import { type Desk, NAMES, type Verb } from "./desk.ts";

/** One file of an entry. */
interface EntryFile {
  /** Name of the graph, or `fixture`. */
  part: string;
  sha256: string;
  fetch(options: Desk["options"]): Promise<Uint8Array | undefined>;
}

/** All files of an entry, including those with int8 convolutions. */
function filesOf(card: ModelCard): EntryFile[] {
  if (!card.int8) return ownFiles(card);
  const own = ownFiles(card);
  const other = ownFiles(inPrecision(card, "int8"))
    .filter(({ sha256 }) => own.every((file) => file.sha256 !== sha256))
    .map((file) => ({ ...file, part: `${file.part} int8` }));
  return [...own, ...other];
}

function ownFiles(card: ModelCard): EntryFile[] {
  const graphs = Object.entries(card.graphs).map(([part, { sha256 }]) => ({
    part,
    sha256,
    fetch: (options: Desk["options"]) => fetchGraph(card, part, options),
  }));
  const { fixture } = card;
  const recorded = fixture && {
    part: "fixture",
    sha256: fixture.sha256,
    fetch: (options: Desk["options"]) => fetchFixture(card, options),
  };
  return [...graphs, ...recorded ? [recorded] : []];
}

/** Downloads all files of entries. */
export const pull: Verb = (program, desk) => {
  program.command("pull").alias("fetch").argument("<models...>", NAMES)
    .description("download entries, so that they can be used without a network")
    .action(async (models: string[]) => {
      const { find, tell, options } = desk();
      const pulled: { id: string; part: string; bytes: number }[] = [];
      for (const model of models) {
        const card = await find(model);
        for (const { part, fetch } of filesOf(card)) {
          const bytes = await fetch({ ...options, onDownload: meter(`${card.id} ${part}`) });
          pulled.push({ id: card.id, part, bytes: bytes!.length });
        }
        if (filesOf(card).length === 0) pulled.push({ id: card.id, part: "no weights", bytes: 0 });
      }
      tell(pulled, [
        ["id", "file", "size"],
        ...pulled.map(({ id, part, bytes }) => [id, part, inMegabytes(bytes)]),
      ]);
    });
};

/** Prints the progress of a download on a terminal, at each percent. */
function meter(name: string) {
  let percent = -1;
  return ({ received, total }: { received: number; total?: number }) => {
    const now = total ? Math.floor(100 * received / total) : percent;
    if (now > percent && Deno.stderr.isTerminal()) {
      Deno.stderr.writeSync(new TextEncoder().encode(`\r${name}: ${now}%`));
    }
    percent = now;
  };
}

/** Verifies the files of entries. */
export const verify: Verb = (program, desk) => {
  program.command("verify").argument(
    "[models...]",
    `${NAMES}; all entries if none is given`,
  )
    .description("compare every local file with its card")
    .action(async (models: string[]) => {
      const { find, zoo, tell, options } = desk();
      const cards = models.length > 0
        ? await Promise.all(models.map(find))
        : await zoo.list(options);
      const found: { id: string; file: string; state: string; isIntact: boolean }[] = [];
      for (const card of cards) {
        for (const { part, fetch } of filesOf(card)) {
          const state = await fetch({ ...options, offline: true }).then(() => INTACT, stateOf);
          found.push({ id: card.id, file: part, ...state });
        }
      }
      const rows = found.map(({ id, file, state }) => [id, file, state]);
      tell(found, [["id", "file", "state"], ...rows]);
      const broken = found.filter(({ isIntact }) => !isIntact);
      if (broken.length === 0) return;
      throw new Error(
        `${broken.length} of ${found.length} files are damaged; they are listed above`,
      );
    });
};

const INTACT = { state: "intact", isIntact: true };

/** What is shown of a file that could not be read; one that is not downloaded yet is not damaged. */
function stateOf(error: Error): typeof INTACT {
  const isHere = !(error instanceof NotHereError);
  return { state: isHere ? error.message : "not on this machine", isIntact: !isHere };
}

/** Removes the downloads of entries. */
export const remove: Verb = (program, desk) => {
  program.command("remove").argument("<models...>", NAMES)
    .description("remove the downloads of entries from the cache")
    .action(async (models: string[]) => {
      const { find, tell } = desk();
      const removed: { id: string; file: string; bytes: number }[] = [];
      for (const model of models) {
        const card = await find(model);
        for (const { part, sha256 } of filesOf(card)) {
          const bytes = await removeFile(`${cacheFolder()}/${sha256}`);
          if (bytes !== undefined) removed.push({ id: card.id, file: part, bytes });
        }
      }
      const rows = removed.map(({ id, file, bytes }) => [id, file, inMegabytes(bytes)]);
      tell(
        removed,
        rows.length > 0 ? [["id", "file", "size"], ...rows] : "nothing was downloaded",
      );
    });
};

/** Milliseconds after which an unfinished download counts as abandoned. */
const ABANDONED = 24 * 3600 * 1000;

/** Cleans the cache. */
export const prune: Verb = (program, desk) => {
  program.command("prune").description("remove unfinished and damaged files from the cache")
    .option("--all", "remove all downloads and cards")
    .action(async ({ all }) => {
      const { tell } = desk();
      const folder = cacheFolder();
      const removed: { file: string; bytes: number }[] = [];
      for (const name of await namesIn(folder)) {
        const path = `${folder}/${name}`;
        if (!(all || await isRubbish(path, name))) continue;
        const bytes = await removeFile(path);
        if (bytes !== undefined) removed.push({ file: name, bytes });
      }
      const sum = removed.reduce((sum, { bytes }) => sum + bytes, 0);
      tell(removed, `removed ${removed.length} files of ${inMegabytes(sum)} from ${folder}`);
    });
};

/** Names that the cache gives to its files; other files of the folder are not touched. */
const OWN = /^(?:[0-9a-f]{64}(?:\..*)?(?:\.part)?|texts\/[0-9a-f]{64}(?:\..*\.part)?)$/;

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const prefix of ["", "texts/"]) {
    try {
      for await (const { name, isFile } of Deno.readDir(`${folder}/${prefix}`)) {
        if (isFile && OWN.test(prefix + name)) names.push(prefix + name);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return names.sort();
}

async function isRubbish(path: string, name: string): Promise<boolean> {
  const { mtime } = await Deno.stat(path);
  if (name.endsWith(".part")) return Date.now() - (mtime?.getTime() ?? 0) > ABANDONED;
  return !name.startsWith("texts/") && await sha256Of(await Deno.readFile(path)) !== name;
}

/** Removes a file; returns its size, or undefined if there is none. */
async function removeFile(path: string): Promise<number | undefined> {
  try {
    const { size } = await Deno.stat(path);
    await Deno.remove(path);
    return size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
