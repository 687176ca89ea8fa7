/**
 * What Deno, Node and Bun have and a page lacks. Their modules are never named in a way that a bundler would
 * follow, so that a page's bundle contains none of them.
 *
 * @module
 */

import { UnsupportedError } from "./errors.ts";

/** The modules of Node that are used. */
interface Builtins {
  "fs/promises": typeof import("node:fs/promises");
  "path": typeof import("node:path");
  "timers": typeof import("node:timers");
  "url": typeof import("node:url");
  "worker_threads": typeof import("node:worker_threads");
  "zlib": typeof import("node:zlib");
}

/** The used part of Node's `process`, which Deno and Bun have too. */
interface Process {
  readonly versions?: { readonly node?: string };
  readonly getBuiltinModule?: <Name extends keyof Builtins>(name: Name) => Builtins[Name];
  readonly env: Record<string, string | undefined>;
  readonly platform: string;
  cwd(): string;
}

const { process } = globalThis as { process?: Process };

/** Whether files and native code are available: in Deno, Node and Bun, not in a page. */
export const onServer: boolean = process?.versions?.node !== undefined;

/**
 * A module of Node.
 *
 * @throws {UnsupportedError} In a page, which has no such module.
 */
export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] {
  if (onServer && process?.getBuiltinModule) return process.getBuiltinModule(name);
  throw new UnsupportedError(
    onServer
      ? `Cannot use files here: "${name}" needs Deno, Bun, or Node 20.16 or newer`
      : "Cannot use files in a page: give a URL, a Blob or bytes",
  );
}

/** The URL of a path, relative to the current folder; in a page, relative to the page's address. */
export function urlOfPath(path: string): URL {
  if (!onServer) return new URL(path, globalThis.location.href);
  const { isAbsolute, resolve } = builtin("path");
  // Deno's modules for Node ignore Deno.chdir().
  const start = () => "Deno" in globalThis ? Deno.cwd() : process!.cwd();
  return builtin("url").pathToFileURL(isAbsolute(path) ? path : resolve(start(), path));
}

/** A variable of the environment; undefined if it is not set or may not be read. */
export function environment(name: string): string | undefined {
  try {
    return process?.env[name] || undefined;
  } catch (error) {
    // Deno refuses to read it without permission; callers have a default.
    if ((error as Error).name === "NotCapable") return undefined;
    throw error;
  }
}

/** Name of the operating system as Node gives it: `linux`, `darwin`, `win32`, ...; "" in a page. */
export const system: string = process?.platform ?? "";

/**
 * URL of a module that a page's bundle must not hold: native code, or code that reads files.
 *
 * @param name Its file without extension, such as `native_worker`.
 * @param beside `import.meta.url` of a module in the same folder, whose extension it has.
 */
export function serverModule(name: string, beside: string): string {
  const extension = beside.match(/\.[a-z]+$/)?.[0] ?? ".js";
  return new URL(`./${name}${extension}`, beside).href;
}

/** Bytes of memory that work may take by default. */
export const defaultMemory: number = 2 ** 32;

/** Longest delay of a timer in milliseconds; a longer one would end at once. */
export const longestTimer: number = 2 ** 31 - 1;

/** Calls back after a delay that does not keep the process alive; returns a function that cancels it. */
export function later(callback: () => void, milliseconds: number): () => void {
  const time = Math.min(milliseconds, longestTimer);
  if (!onServer) {
    const timer = setTimeout(callback, time);
    return () => clearTimeout(timer);
  }
  const { clearTimeout: clear, setTimeout: set } = builtin("timers");
  const timer = set(callback, time).unref();
  return () => clear(timer);
}
