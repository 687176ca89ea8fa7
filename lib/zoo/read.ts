/** From the text of a `model.yml` to a card that can be trusted. @module */

import { parse, YAMLError } from "yaml";
import * as z from "zod";
import { ManifestError } from "../errors.ts";
import type { ModelCard } from "./card.ts";
import { findFaults } from "./faults.ts";
import { modelCardSchema } from "./schema.ts";
import { asFolder, nameOf, readBytes, type ReadOptions, toUrl } from "./source.ts";

/**
 * Reads the card of one entry, which need not be part of a zoo.
 *
 * @param source Path or URL of a `model.yml`, or of the folder that holds one.
 * @throws {ManifestError} If the file is no card; the message lists every fault.
 * @throws {Error} If the file cannot be read.
 */
export async function readCard(
  source: string | URL,
  options: ReadOptions = {},
): Promise<ModelCard> {
  const place = toUrl(source);
  const url = /\.ya?ml$/.test(place.pathname) ? place : new URL("model.yml", asFolder(place));
  const text = new TextDecoder().decode(await readBytes(url, options));
  return parseCard(text, url);
}

/**
 * Makes a card of the text of a `model.yml`.
 *
 * @param text YAML.
 * @param url Where it stands; its graphs are looked for beside it.
 * @throws {ManifestError} If it is no card; the message lists every fault.
 */
export function parseCard(text: string, url: URL): ModelCard {
  return { ...checkCard(parseYaml(text, url), nameOf(url)), base: new URL(".", url).href };
}

/**
 * Checks a card that a program holds: it may have been read by somebody else, or changed since.
 *
 * @throws {ManifestError} If it is no card; the message lists every fault.
 */
export function recheckCard({ base, ...value }: ModelCard): ModelCard {
  return { ...checkCard(value, value.id), base };
}

/**
 * Checks a value against the schema and against itself.
 *
 * @param value What YAML or a program made.
 * @param place What errors call it.
 * @throws {ManifestError} If it is no card; the message lists every fault.
 */
export function checkCard(value: unknown, place: string): ModelCard {
  const { success, data, error } = modelCardSchema.safeParse(value);
  if (!success) {
    const key = error.issues[0].path.join(".");
    throw new ManifestError(`${place}#${key}`, oneLine(z.prettifyError(error)));
  }
  const faults = findFaults(data);
  if (faults.length > 0) {
    const message = faults.map((fault) => `${fault.path} ${fault.message}`).join("; ");
    throw new ManifestError(`${place}#${faults[0].path}`, message);
  }
  return data;
}

/**
 * Parses YAML.
 *
 * @throws {ManifestError} If it is broken; the path ends with line and column.
 */
export function parseYaml(text: string, url: URL): unknown {
  try {
    return withoutEnvironment(() => parse(text));
  } catch (cause) {
    if (!(cause instanceof YAMLError)) throw cause;
    const { line, col } = cause.linePos?.[0] ?? { line: 1, col: 1 };
    const message = cause.message.split("\n")[0].replace(/:$/, "");
    throw new ManifestError(`${nameOf(url)}:${line}:${col}`, message, { cause });
  }
}

/** The parser looks for switches of its own in the environment, which Deno may not allow to read. */
function withoutEnvironment<T>(work: () => T): T {
  const { process } = globalThis as { process?: { env: unknown } };
  if (!process) return work();
  const { env } = process;
  process.env = {};
  try {
    return work();
  } finally {
    process.env = env;
  }
}

/** The JSON Schema of `model.yml`, for programs in other languages. */
export function cardJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(modelCardSchema, { io: "input" });
}

/** `prettifyError` gives two lines for each fault; errors here have one in all. */
function oneLine(pretty: string): string {
  return pretty.replace(/^✖ /, "").replaceAll(/\n\s*→ at /g, " at ").replaceAll(/\n✖ /g, "; ");
}
