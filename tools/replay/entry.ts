/** An imported entry, opened: its card and its sessions. @module */

import { type OpenedSessions, openSessions } from "../../lib/runtime/providers.ts";
import type { ModelCard } from "../../lib/zoo/card.ts";
import { readCard } from "../../lib/zoo/read.ts";
import { fetchFixture, fetchGraph } from "../../lib/zoo/store.ts";

/** An entry whose graphs can be run. */
export interface Entry extends OpenedSessions {
  /** Its model card. */
  readonly card: ModelCard;
}

/** Opens the entry in a folder on one thread of ONNX Runtime, checked against its fixture. */
export async function openEntry(folder: URL): Promise<Entry> {
  const card = await readCard(folder);
  const graphs = await Promise.all(
    Object.entries(card.graphs).map(async ([name, { precision }]) => {
      return { name, precision, bytes: await fetchGraph(card, name) };
    }),
  );
  const fixture = await fetchFixture(card);
  return { ...await openSessions(graphs, { provider: "native", threads: 1, fixture }), card };
}

/** One line for each graph file: its SHA-256 and the provider that runs it. */
export function linesAbout({ card, provider }: Entry): string[] {
  return Object.entries(card.graphs).map(([name, { file, sha256 }]) =>
    `graph ${name}: ${file} sha256 ${sha256} on ${provider}`
  );
}
