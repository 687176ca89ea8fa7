/** Checks the permissions before any work, and names the flags for missing ones. @module */

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Settings } from "./settings.ts";
import { UsageError } from "./usage_error.ts";

/** What a run needs permission for. */
export interface Needs {
  /** Files and folders that are read. */
  read: readonly string[];
  /** Folders that are written to. */
  write: readonly string[];
  /** Whether native code is required; if it is not, networks can run on wasm instead. */
  native: boolean;
}

/**
 * Checks the permissions without prompting. The error is one line with the flags to add.
 *
 * @throws {UsageError} If a permission is missing.
 */
export async function checkPermissions({ read, write, native }: Needs): Promise<void> {
  const missing = [
    ...await missingPaths("read", read),
    ...await missingPaths("write", write),
    ...!native || await isGranted({ name: "ffi" }) ? [] : ["--allow-ffi"],
  ];
  if (missing.length === 0) return;
  throw new UsageError(`Deno does not allow this work: add ${missing.join(" ")} to "deno run"`);
}

async function missingPaths(name: "read" | "write", paths: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  for (const path of new Set(paths)) {
    if (!await isGranted({ name, path })) missing.push(path);
  }
  return missing.length > 0 ? [`--allow-${name}=${missing.join(",")}`] : [];
}

async function isGranted(descriptor: Deno.PermissionDescriptor): Promise<boolean> {
  return (await Deno.permissions.query(descriptor)).state === "granted";
}

/** The message if a permission was missing during the work, otherwise undefined. */
export function permissionLine(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const [, name, what] = error.message.match(/Requires (\w+) access to "([^"]+)"/) ?? [];
  if (name === undefined) return permissionLine(error.cause);
  return `Deno does not allow this work: add --allow-${name}=${what} to "deno run"`;
}

/** What a run needs: the package with its zoo, the inputs, the folders of the results. */
export function needsOf(settings: Settings): Needs {
  const { inputs, output, out, previews, model, provider, sheet, truth } = settings;
  const files = inputs.filter((input) => input !== "-");
  const written = out !== undefined
    ? [out]
    : output === undefined
    ? files.map((file) => dirname(file))
    : output === "-"
    ? []
    : [dirname(output)];
  const home = new URL("../", import.meta.url);
  const folders = [
    ...written,
    ...previews === undefined ? [] : [previews],
    ...sheet === undefined ? [] : [dirname(sheet)],
  ];
  const models = model.split(",").map((name) => name.split("+")[0])
    .filter((name) => /[\\/]/.test(name) && !name.includes("://"));
  return {
    read: [
      ...home.protocol === "file:" ? [fileURLToPath(home)] : [],
      ...models,
      ...files,
      ...truth === undefined ? [] : [truth],
      ...folders,
    ],
    write: folders,
    native: provider === "native",
  };
}
