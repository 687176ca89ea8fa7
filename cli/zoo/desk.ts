/** What all verbs of `cli/zoo.ts` share: the registry, and how they print. @module */

import type { Command } from "commander";
import type { FetchOptions, ModelCard } from "../../lib/zoo/mod.ts";
import { openZoo, type Zoo } from "../../lib/zoo/mod.ts";
import { cardOf } from "../card.ts";
import { escapeControls } from "../controls.ts";
import { table } from "../table.ts";

/** The flags of every verb. */
export interface Flags {
  /** Another registry. */
  zoo?: string;
  /** Whether to use earlier downloads and no network. */
  offline?: boolean;
  /** Whether to print JSON. */
  json?: boolean;
}

/** What a verb works with. */
export interface Desk {
  /** Aborts the work. */
  readonly signal: AbortSignal;
  /** How cards and files are read. */
  readonly options: FetchOptions;
  /** The registry. */
  readonly zoo: Zoo;
  /** The card of an id, a folder, a URL or `hf:owner/repo`. */
  find(model: string): Promise<ModelCard>;
  /** Prints the data with `--json`, the text otherwise. */
  tell(data: unknown, text: string | readonly (readonly string[])[]): void;
}

/** How a verb's argument names an entry. */
export const NAMES = "id, folder, URL or hf:owner/repo";

/** One verb: adds its command to the program. */
export type Verb = (program: Command, desk: () => Desk) => void;

/** Opens the desk of one call. */
export function openDesk({ zoo, offline, json }: Flags, signal: AbortSignal): Desk {
  const options = { offline, signal };
  return {
    signal,
    options,
    zoo: openZoo(zoo),
    find: (model) => cardOf(model, { ...options, zoo }),
    tell(data, text) {
      if (json) return console.log(JSON.stringify(data, null, 2));
      console.log(typeof text === "string" ? text : table(text.map((row) => row.map(shown))));
    },
  };
}

/** A cell whose text cannot control the terminal. */
function shown(cell: string): string {
  return escapeControls(cell);
}
