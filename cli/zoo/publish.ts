/** Publishes a finished entry to a zoo's folder or as a repository for the Hub, completely or not at all. @module */

import { inPrecision } from "../../lib/precision.ts";
import { Option } from "commander";
import { type Document, parseDocument } from "yaml";
import { ManifestError } from "../../lib/errors.ts";
import type { ModelCard } from "../../lib/zoo/card.ts";
import { limits } from "../../lib/zoo/limits.ts";
import { fileIn, isFileName } from "../../lib/zoo/names.ts";
import { readCard } from "../../lib/zoo/read.ts";
import { asFolder, nameOf, toUrl } from "../../lib/zoo/place.ts";
import { readText } from "../../lib/zoo/source.ts";
import { fetchFixture, fetchGraph, type FetchOptions } from "../../lib/zoo/store.ts";
import { parseIndex } from "../../lib/zoo/zoo.ts";
import { markUnfinished } from "../unfinished.ts";
import type { Verb } from "./desk.ts";
import { hubReadme } from "./hub_readme.ts";

/**
 * Checks an entry completely, copies it into a zoo's folder, and lists it in the index.
 *
 * @param card The card that `readCard()` returned, or path or URL of its folder.
 * @param directory The zoo's folder.
 * @param options `create` makes the folder and its `index.yml` if they do not exist.
 * @returns The card in the zoo.
 * @throws {ManifestError} If the card cannot be used or its id is taken.
 * @throws {IntegrityError} If a file differs from what the card says.
 */
export async function publish(
  card: ModelCard | string | URL,
  directory: string | URL,
  options: FetchOptions & { create?: boolean } = {},
): Promise<ModelCard> {
  const source = entryFolder(card);
  const checked = await readCard(source, options);
  await checkFiles(checked, options);
  const zoo = asFolder(toUrl(directory));
  const index = new URL("index.yml", zoo);
  if (options.create) await createIndex(index);
  // Of two processes that write the index at the same time, one would lose its entry.
  return await withLock(index, async () => {
    const text = await readText(index, limits.index, options);
    if (parseIndex(text, index).includes(checked.id)) {
      throw new ManifestError(nameOf(index), `"${checked.id}" is listed already`);
    }
    const target = new URL(`${checked.id}/`, zoo);
    const isThere = target.href === source.href;
    // Until it is listed, the copy counts as unfinished, and an interrupt removes it.
    const isListed = isThere
      ? () => {}
      : await copyEntry(source, await filesOf(checked, source), target);
    try {
      options.signal?.throwIfAborted();
      await replaceFile(index, withId(text, checked.id), isListed);
    } catch (error) {
      if (!isThere) await Deno.remove(target, { recursive: true });
      isListed();
      throw error;
    }
    return { ...checked, base: target.href };
  }, options.signal);
}

/**
 * Checks an entry completely, and copies it as a repository of the Hugging Face Hub: its files, and a README
 * with the front matter that the Hub reads.
 *
 * @param directory A folder that does not exist yet.
 * @returns The card in that folder.
 */
async function publishForHub(
  card: ModelCard | string | URL,
  directory: string | URL,
  options: FetchOptions = {},
): Promise<ModelCard> {
  const source = entryFolder(card);
  const checked = await readCard(source, options);
  await checkFiles(checked, options);
  const target = asFolder(toUrl(directory));
  const own = await Deno.readTextFile(new URL("README.md", source)).catch(ignoreMissing);
  const files = await filesOf(checked, source);
  const isWhole = await copyEntry(source, files, target, hubReadme(checked, own));
  isWhole();
  return { ...checked, base: target.href };
}

async function createIndex(index: URL): Promise<void> {
  await Deno.mkdir(new URL(".", index), { recursive: true });
  try {
    await Deno.writeTextFile(index, "# The ids of all entries.\n", { createNew: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

/** Age in milliseconds at which a lock was left by a dead process: the work under it is much shorter. */
const ABANDONED = 60_000;

/** Runs `work` while no other process works on the same file. */
async function withLock<Result>(
  file: URL,
  work: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const lock = new URL(`${file.href}.lock`);
  while (!await isTaken(lock)) {
    signal?.throwIfAborted();
    const { mtime } = await Deno.stat(lock).catch(() => ({ mtime: undefined }));
    if (mtime && Date.now() - mtime.getTime() > ABANDONED) {
      await Deno.remove(lock).catch(ignoreMissing);
    } else await new Promise((resolve) => setTimeout(resolve, 10 + 20 * Math.random()));
  }
  const isGone = markUnfinished(lock);
  try {
    return await work();
  } finally {
    await Deno.remove(lock).catch(ignoreMissing);
    isGone();
  }
}

/** Creates the lock; false if another process has it. */
async function isTaken(lock: URL): Promise<boolean> {
  try {
    (await Deno.open(lock, { createNew: true, write: true })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

/** The index with one more id; its comments stay. */
function withId(text: string, id: string): string {
  const document: Document = parseDocument(text);
  document.contents ??= document.createNode([]);
  document.add(id);
  return String(document);
}

function entryFolder(card: ModelCard | string | URL): URL {
  if (typeof card === "string" || card instanceof URL) return asFolder(toUrl(card));
  if (card.base?.startsWith("file:")) return new URL(card.base);
  throw new TypeError(
    `Cannot publish ${card.id}: read its card from a local folder first`,
  );
}

/** Checks that every graph and the fixture have the bytes that the card says. */
async function checkFiles(card: ModelCard, options: FetchOptions): Promise<void> {
  if (card.int8) await checkFiles({ ...inPrecision(card, "int8"), int8: undefined }, options);
  for (const name of Object.keys(card.graphs)) await fetchGraph(card, name, options);
  await fetchFixture(card, options);
}

/**
 * The files of an entry: those that its card names, including the list of authors, which licences require to be
 * passed on with the weights, and the images that its README shows. Graphs with a URL stay where they are.
 */
async function filesOf(card: ModelCard, source: URL): Promise<string[]> {
  const { graphs, fixture, int8, licence } = card;
  const own = [...Object.values(graphs), ...Object.values(int8?.graphs ?? {})]
    .filter((graph) => !graph.url).map((graph) => graph.file);
  const recorded = [fixture, int8?.fixture].filter((file) => file !== undefined);
  const files = ["model.yml", ...own, ...recorded.map(({ file }) => file)];
  if (licence.attribution) {
    const place = fileIn(licence.attribution, source);
    if (await Deno.lstat(place).catch(ignoreMissing) === undefined) {
      throw new Error(
        `Cannot publish ${card.id}: ${
          nameOf(place)
        }, in which its card says that the authors of the data ` +
          `are named, is missing`,
      );
    }
    files.push(licence.attribution);
  }
  return [...new Set([...files, ...await shownIn(new URL("README.md", source))])];
}

/** Images beside a README that it shows. */
async function shownIn(readme: URL): Promise<string[]> {
  const text = await Deno.readTextFile(readme).catch(ignoreMissing) ?? "";
  const names = [...text.matchAll(/\]\(([^()\s]+\.(?:png|jpe?g|webp|gif|svg))\)/gi)]
    .map(([, name]) => name).filter(isFileName);
  const isThere = (name: string) =>
    Deno.lstat(fileIn(name, readme)).then(() => true, ignoreMissing);
  const found = await Promise.all(names.map(isThere));
  return names.filter((_, i) => found[i]);
}

/**
 * Copies to a folder beside the target and renames it, so that the target appears complete.
 *
 * @returns A function to call once the target must stay even if the process is interrupted.
 */
async function copyEntry(
  source: URL,
  files: readonly string[],
  target: URL,
  readme?: string,
): Promise<() => void> {
  await refuseExisting(target);
  const part = new URL(target.href.replace(/\/$/, `.${crypto.randomUUID()}.part/`));
  const isGone = markUnfinished(part);
  try {
    for (const file of files) await copyFile(file, source, part);
    if (readme !== undefined) await Deno.writeTextFile(new URL("README.md", part), readme);
    else await copyFile("README.md", source, part).catch(ignoreMissing);
    const stays = markUnfinished(target);
    await Deno.rename(part, target);
    return stays;
  } catch (error) {
    await Deno.remove(part, { recursive: true }).catch(ignoreMissing);
    throw error;
  } finally {
    isGone();
  }
}

/** Copies an ordinary file: a link could bring a private file of this machine into a public zoo. */
async function copyFile(name: string, from: URL, to: URL): Promise<void> {
  const source = fileIn(name, from);
  const { isFile } = await Deno.lstat(source);
  if (!isFile) throw new Error(`Cannot publish ${nameOf(source)}: it is not an ordinary file`);
  await Deno.mkdir(to, { recursive: true });
  await Deno.copyFile(source, fileIn(name, to));
}

async function refuseExisting(target: URL): Promise<void> {
  const isThere = await Deno.stat(target).then(() => true, ignoreMissing);
  if (isThere) throw new Error(`Cannot publish into ${nameOf(target)}: it exists already`);
}

/** Replaces a file at once, and calls `isDone` directly after it. */
async function replaceFile(file: URL, text: string, isDone: () => void): Promise<void> {
  const part = new URL(`${file.href}.${crypto.randomUUID()}.part`);
  const isGone = markUnfinished(part);
  try {
    await Deno.writeTextFile(part, text);
    Deno.renameSync(part, file);
    isDone();
  } catch (error) {
    await Deno.remove(part).catch(ignoreMissing);
    throw error;
  } finally {
    isGone();
  }
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

const ownZoo = new URL("../../zoo/", import.meta.url);

/** The places to publish in, and what to do next. */
const layouts: Readonly<
  Record<
    string,
    (from: string, to: string | undefined, options: FetchOptions) => Promise<[ModelCard, string]>
  >
> = {
  async index(from, to, options) {
    const card = await publish(from, to ?? ownZoo, options);
    return [card, `Commit ${pathOf(card)} and the index; then it is found as "${card.id}".`];
  },
  async folder(from, to, options) {
    const folder = needed(to, "folder");
    const card = await publish(from, folder, { ...options, create: true });
    return [
      card,
      `Copy ${folder} to any static server that allows other origins (CORS), then ` +
      `write --model https://HOST/PATH/${card.id}, or --zoo https://HOST/PATH --model ${card.id}.`,
    ];
  },
  async hub(from, to, options) {
    const folder = needed(to, "hub");
    const card = await publishForHub(from, folder, options);
    return [
      card,
      `Run "hf upload OWNER/${card.id} ${folder}", then write --model hf:OWNER/${card.id}.`,
    ];
  },
};

function needed(to: string | undefined, layout: string): string {
  if (to !== undefined) return to;
  throw new TypeError(`Cannot publish: the layout "${layout}" needs --to FOLDER`);
}

function pathOf({ base }: ModelCard): string {
  return nameOf(new URL(base!));
}

/** Publishes an entry. */
export const publication: Verb = (program, desk) => {
  program.command("publish").argument("<dir>", "folder of the entry")
    .description("add an entry to a registry's folder, or prepare it for the Hub")
    .option("--to <folder>", "target folder (default for index: this package's zoo)")
    .addOption(
      new Option(
        "--layout <layout>",
        "index: a registry's folder; folder: the same, made if missing; hub: a repository for the Hub",
      )
        .choices(Object.keys(layouts)).default("index"),
    )
    .action(async (directory: string, flags: { to?: string; layout: string }) => {
      const { tell, options } = desk();
      const [card, next] = await layouts[flags.layout](directory, flags.to, options);
      tell(
        { id: card.id, folder: card.base, next },
        `${card.id} is published in ${pathOf(card)}\n${next}`,
      );
    });
};
