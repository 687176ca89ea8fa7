/** Writes files completely or not at all. @module */

import { dirname, join } from "node:path";
import { destinationOf, identityOf } from "./identity.ts";

/** Writes the results of one run. */
export interface Writer {
  /** Writes a complete file, or standard output for `-`; refuses to overwrite an input. */
  write(path: string, bytes: Uint8Array): Promise<void>;
}

/** Names of unfinished files: hidden, and never the name of a result. */
const UNFINISHED = /^\.srzoo-[0-9a-f-]{36}\.part$/;
/** A name for an unfinished file. */
export function unfinishedName(): string {
  return `.srzoo-${crypto.randomUUID()}.part`;
}

/** The message of the system, without the call and the path that Deno adds. */
export function reasonOf(error: unknown): string {
  const { message } = error instanceof Error ? error : new Error(String(error));
  const text = message.replace(/ \(os error \d+\)/, "");
  const call = text.search(/: \w+ '/);
  return call < 0 ? text : text.slice(0, call);
}

/** Age in milliseconds at which an unfinished file counts as abandoned. */
const ABANDONED = 60_000;

/**
 * Makes a writer.
 *
 * A file is encoded in memory, written to a hidden file in the folder of the result, and then
 * renamed. A device or a pipe is never replaced. A link is kept, and the file that it leads to is replaced; that
 * file's mode is kept. The next run that writes into a folder removes the unfinished files of a killed run.
 *
 * @param inputs Identities of the files that must not be changed.
 * @param onUnfinished Called with the hidden files that are being written, when there is a change.
 */
export function openWriter(
  inputs: ReadonlySet<string>,
  onUnfinished: (paths: readonly string[]) => void = () => {},
): Writer {
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
    const place = await destinationOf(path);
    const part = join(dirname(place), unfinishedName());
    unfinished.add(part);
    onUnfinished([...unfinished]);
    try {
      const replaced = await Deno.stat(place).catch(() => undefined);
      if (replaced && !replaced.isFile && !replaced.isDirectory) { // rename() itself refuses folders
        throw new Error("it is not an ordinary file");
      }
      const mode = replaced?.mode ?? undefined;
      await Deno.writeFile(part, bytes, { createNew: true, mode: mode && mode & 0o777 });
      if (replaced) await takeAfter(replaced, part);
      await Deno.rename(part, place);
    } catch (error) {
      await Deno.remove(part).catch(() => {});
      throw new Error(`Cannot write ${path}: ${reasonOf(error)}`, { cause: error });
    } finally {
      unfinished.delete(part);
      onUnfinished([...unfinished]);
    }
  }

  return { write };
}

/** Gives a file the mode of the one that it replaces, and its owner if this user may change owners. */
async function takeAfter({ uid, gid, mode }: Deno.FileInfo, part: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  const own = await Deno.stat(part);
  if (uid !== own.uid || gid !== own.gid) await Deno.chown(part, uid, gid).catch(() => {});
  // After chown(), which may clear bits; the umask does not apply here.
  if (mode !== null) await Deno.chmod(part, mode & 0o777);
}

/** Removes unfinished files of killed runs. */
async function sweep(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (!UNFINISHED.test(name)) continue;
    const path = join(folder, name);
    const { mtime } = await Deno.stat(path).catch(() => ({ mtime: null }));
    if (mtime && Date.now() - mtime.getTime() > ABANDONED) await Deno.remove(path).catch(() => {});
  }
}

async function writeToEnd(bytes: Uint8Array): Promise<void> {
  try {
    for (let done = 0; done < bytes.length;) {
      done += await Deno.stdout.write(bytes.subarray(done));
    }
  } catch (cause) {
    throw new Error(`Cannot write standard output: ${reasonOf(cause)}`, { cause });
  }
}
