/// <reference types="./env.d.ts" />
/** The entries that can be chosen, as the page's build lists them. @module */

import { messageOf } from "./words.ts";

/** An entry that can be chosen. */
export interface Choice {
  /** Its id in the zoo. */
  id: string;
  /** Its name for people. */
  name: string;
  /** What it does, in one line. */
  description: string;
}

/**
 * Lists the entries.
 *
 * @throws {Error} If the page's server cannot be reached.
 */
export async function listEntries(): Promise<Choice[]> {
  try {
    const listed = await fetch(`${import.meta.env.BASE_URL}entries.json`);
    if (!listed.ok) throw new Error(`HTTP status ${listed.status}`);
    return await listed.json();
  } catch (cause) {
    throw new Error(`Cannot list the models: ${messageOf(cause)}. Reload the page`, { cause });
  }
}
