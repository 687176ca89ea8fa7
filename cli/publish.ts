/** Adds a finished entry to a zoo's folder, wholly or not at all. @module */

import { type Document, parseDocument } from "yaml";
import { ManifestError } from "../lib/errors.ts";
import type { ModelCard } from "../lib/zoo/card.ts";
import { limits } from "../lib/zoo/limits.ts";
import { fileIn } from "../lib/zoo/names.ts";
import { readCard } from "../lib/zoo/read.ts";
import { asFolder, nameOf, toUrl } from "../lib/zoo/place.ts";
import { readText } from "../lib/zoo/source.ts";
import { fetchFixture, fetchGraph, type FetchOptions } from "../lib/zoo/store.ts";
import { parseIndex } from "../lib/zoo/zoo.ts";

/**
 * Checks an entry completely, brings it into a zoo's folder, and lists it in the index.
 *
 * @param card The card as `readCard()` gave it, or path or URL of its folder.
 * @param directory The zoo's folder, with its `index.yml`.
 * @returns The card as it stands in the zoo.
 * @throws {ManifestError} If the card can't be used or its id is taken.
 * @throws {IntegrityError} If a file is not the one that the card promises.
 */
export async function publish(
  card: ModelCard | string | URL,
  directory: string | URL,
  options: FetchOptions = {},
): Promise<ModelCard> {
  const source = entryFolder(card);
  const checked = await readCard(source, options);
  const zoo = asFolder(toUrl(directory));
  const index = new URL("index.yml", zoo);
  const text = await readText(index, limits.index, options);
  if (parseIndex(text, index).includes(checked.id)) {
    throw new ManifestError(nameOf(index), `"${checked.id}" is listed already`);
  }
  await checkFiles(checked, options);
  const target = new URL(`${checked.id}/`, zoo);
  const isThere = target.href === source.href;
  if (!isThere) await copyEntry(source, filesOf(checked), target);
  try {
    await replaceFile(index, withId(text, checked.id));
  } catch (error) {
    if (!isThere) await Deno.remove(target, { recursive: true });
    throw error;
  }
  return { ...checked, base: target.href };
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
    `Cannot publish ${card.id}: read its card from a folder of this machine first`,
  );
}

/** Every graph and the fixture have the promised bytes. */
async function checkFiles(card: ModelCard, options: FetchOptions): Promise<void> {
  for (const name of Object.keys(card.graphs)) await fetchGraph(card, name, options);
  await fetchFixture(card, options);
}

/** What belongs to an entry; graphs with a URL stay where they are. */
function filesOf({ graphs, fixture }: ModelCard): string[] {
  const own = Object.values(graphs).filter((graph) => !graph.url).map((graph) => graph.file);
  return ["model.yml", ...new Set(own), ...fixture ? [fixture.file] : []];
}

/** Copies beside the target first, so that the target appears complete. */
async function copyEntry(source: URL, files: readonly string[], target: URL): Promise<void> {
  await refuseExisting(target);
  const part = new URL(target.href.replace(/\/$/, ".part/"));
  try {
    for (const file of files) await copyFile(file, source, part);
    await copyFile("README.md", source, part)
      .catch(ignoreMissing);
    await Deno.rename(part, target);
  } catch (error) {
    await Deno.remove(part, { recursive: true }).catch(ignoreMissing);
    throw error;
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

async function replaceFile(file: URL, text: string): Promise<void> {
  const part = new URL(`${file.href}.part`);
  try {
    await Deno.writeTextFile(part, text);
    await Deno.rename(part, file);
  } catch (error) {
    await Deno.remove(part).catch(ignoreMissing);
    throw error;
  }
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
