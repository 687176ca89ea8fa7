/** The files that `deno publish` would upload. @module */

import { expect } from "expect";

/** The folder of the project. */
export const root = new URL("../", import.meta.url);

/** Runs a program in that folder and returns its output; if it fails, so does the test. */
export async function output(command: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd: root }).output();
  const decoder = new TextDecoder();
  expect([success, success ? "" : decoder.decode(stderr)]).toEqual([true, ""]);
  return decoder.decode(stdout) + decoder.decode(stderr);
}

/** Paths of the files of the package. */
export async function published(): Promise<string[]> {
  const options = ["--dry-run", "--allow-dirty", "--no-check"];
  const listed = await output(Deno.execPath(), ["publish", ...options]);
  return [...listed.matchAll(/^\s+file:\/\/(\S+) \(/gm)].map((match) => match[1]);
}
