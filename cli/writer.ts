/** Files that are there whole or not at all. @module */

import { dirname, join } from "node:path";
import { identityOf } from "./identity.ts";

/** Writes the results of one run. */
export interface Writer {
  /** Writes a file whole, or standard output for `-`; refuses to write over an input. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Removes at once what is not finished. */
  discard(): void;
}

/** Names of unfinished files: hidden, and never the name of a result. */
const UNFINISHED = /^\.srzoo-[0-9a-f-]{36}\.part$/;
/** Milliseconds after which nobody is still writing an unfinished file: one is written at a stretch. */
const ABANDONED = 60_000;

/**
 * Makes a writer.
 *
 * A file is encoded in memory, written in one go to a hidden name in the folder of the result, and then
 * renamed. What a killed run has left of that is removed by the next run that writes into the folder.
 *
 * @param inputs Identities of the files that must stay as they are.
 */
export function openWriter(inputs: ReadonlySet<string>): Writer {
  const unfinished = new Set<string>();
  const folders = new Set<string>();

  async function prepare(folder: string): Promise<void> {
    if (folders.has(folder)) return;
    await Deno.mkdir(folder, { recursive: true });
    await sweep(folder);
    folders.add(folder);
  }

  async function write(path: string, bytes: Uint8Array): Promise<void> {
    if (path === "-") return await writeToEnd(bytes);
    await prepare(dirname(path));
    const identity = await identityOf(path);
    if (identity !== undefined && inputs.has(identity)) {
      throw new Error(`Cannot write ${path}: it is an input`);
    }
    const part = join(dirname(path), `.srzoo-${crypto.randomUUID()}.part`);
    unfinished.add(part);
    try {
      await Deno.writeFile(part, bytes, { createNew: true });
      await Deno.rename(part, path);
    } catch (error) {
      await Deno.remove(part).catch(() => {});
      const why = (error as Error).message.replace(/: \w+ '.*$/, "");
      throw new Error(`Cannot write ${path}: ${why}`, { cause: error });
    } finally {
      unfinished.delete(part);
    }
  }

  function discard(): void {
    for (const part of unfinished) {
      try {
        Deno.removeSync(part);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
  }

  return { write, discard };
}

/** Removes what a killed run has left. */
async function sweep(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (!UNFINISHED.test(name)) continue;
    const path = join(folder, name);
    const { mtime } = await Deno.stat(path).catch(() => ({ mtime: null }));
    if (mtime && Date.now() - mtime.getTime() > ABANDONED) await Deno.remove(path).catch(() => {});
  }
}

async function writeToEnd(bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += await Deno.stdout.write(bytes.subarray(done));
  }
}
