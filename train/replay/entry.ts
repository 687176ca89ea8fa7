/** An imported entry, opened: its card and its sessions. @module */

import { parse } from "yaml";
import { type OpenedSessions, openSessions } from "../../lib/runtime/providers.ts";
import { type ModelCard, modelCardSchema } from "../../lib/zoo/card.ts";

/** An entry whose graphs can be run. */
export interface Entry extends OpenedSessions {
  /** Its model card. */
  readonly card: ModelCard;
}

/** Opens the entry in a folder on ONNX Runtime's native code, checked against its fixture. */
export async function openEntry(folder: URL): Promise<Entry> {
  const text = await Deno.readTextFile(new URL("model.yml", folder));
  const card = modelCardSchema.parse(parse(text));
  const graphs = await Promise.all(
    Object.entries(card.graphs).map(async ([name, { file, precision }]) => {
      return { name, precision, bytes: await Deno.readFile(new URL(file, folder)) };
    }),
  );
  const fixture = card.fixture && await Deno.readFile(new URL(card.fixture.file, folder));
  return { ...await openSessions(graphs, { provider: "native", fixture }), card };
}

/** One line for each graph file: its SHA-256 and the provider that runs it. */
export function linesAbout({ card, provider }: Entry): string[] {
  return Object.entries(card.graphs).map(([name, { file, sha256 }]) =>
    `graph ${name}: ${file} sha256 ${sha256} on ${provider}`
  );
}
