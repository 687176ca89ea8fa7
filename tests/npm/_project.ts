/** A project that uses the package for npm, laid out in a folder and installed as a user would. @module */

import { packForNpm } from "../../tools/npm/pack.ts";

const root = new URL("../../", import.meta.url);
const sources = new URL("project/", import.meta.url);
/** Kept, since the dependencies are large; only the library is installed again each time. */
const folder = new URL(".cache/npm/", root).pathname;
const os = Deno.build.os === "windows" ? "win" : Deno.build.os;
const isArm = Deno.build.arch === "aarch64";
/** Packages that contain the programs Node and Bun, for machines that lack them. */
const NODE_PACKAGE = `node-${os}-${isArm ? "arm64" : "x64"}`;
const NODE = "22.23.3";
const BUN_PACKAGE = `@oven/bun-${os}-${isArm ? "aarch64" : "x64"}`;
const BUN = "1.4.5";

/** An installed project. */
export interface Project {
  /** Its folder, with a slash. */
  folder: string;
  /** A Node that the package supports. */
  node: string;
  /** Bun, if it is available. */
  bun?: string;
}

/** The output of a program. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program in a folder. */
export async function run(command: string, args: string[], cwd = folder): Promise<Outcome> {
  const output = await new Deno.Command(command, { args, cwd, env: { NO_COLOR: "1" } }).output();
  const text = new TextDecoder();
  return {
    code: output.code,
    stdout: text.decode(output.stdout),
    stderr: text.decode(output.stderr),
  };
}

/** Whether npm is available. */
export async function hasNpm(): Promise<boolean> {
  return await run("npm", ["--version"], root.pathname).then(({ code }) => code === 0, () => false);
}

/** Makes the tarball, and installs it with the project's other dependencies. */
export async function installProject(): Promise<Project> {
  await Deno.mkdir(folder, { recursive: true });
  await succeed("cp", ["-r", `${sources.pathname}.`, folder]);
  const tarball = await packForNpm(folder);
  const found = { node: await nodeHere(), bun: await bunHere() };
  const manifest = JSON.parse(await Deno.readTextFile(new URL("package.json", sources)));
  manifest.dependencies["@srzoo/core"] = `file:${tarball}`;
  manifest.optionalDependencies = {
    ...found.node ? {} : { [NODE_PACKAGE]: NODE },
    ...found.bun ? {} : { [BUN_PACKAGE]: BUN },
  };
  await Deno.writeTextFile(`${folder}package.json`, JSON.stringify(manifest));
  // Otherwise npm would keep an earlier tarball of the same version.
  for (
    const path of ["package-lock.json", "node_modules/@srzoo", "node_modules/.package-lock.json"]
  ) {
    await Deno.remove(folder + path, { recursive: true }).catch(ignoreMissing);
  }
  const quiet = [
    "--ignore-scripts",
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    "--no-package-lock",
  ];
  await succeed("npm", ["install", ...quiet]);
  const program = async (path: string) =>
    await Deno.stat(folder + path).then(() => folder + path, () => undefined);
  const node = found.node ?? await program(`node_modules/${NODE_PACKAGE}/bin/node`);
  if (!node) {
    throw new Error(`npm has no ${NODE_PACKAGE}: set SRZOO_NODE to a Node of 22.3 or newer`);
  }
  return { folder, node, bun: found.bun ?? await program(`node_modules/${BUN_PACKAGE}/bin/bun`) };
}

/** A Node on this machine that the package supports. */
async function nodeHere(): Promise<string | undefined> {
  const path = Deno.env.get("SRZOO_NODE") ?? "node";
  const { stdout } = await run(path, ["--version"]).catch(() => ({ stdout: "" }));
  const [, major, minor] = stdout.match(/^v(\d+)\.(\d+)/) ?? [];
  return Number(major) > 22 || Number(major) === 22 && Number(minor) >= 3 ? path : undefined;
}

async function bunHere(): Promise<string | undefined> {
  return await run("bun", ["--version"]).then(() => "bun", () => undefined);
}

async function succeed(command: string, args: string[]): Promise<void> {
  const { code, stdout, stderr } = await run(command, args);
  if (code !== 0) throw new Error(`${command} ${args[0]} failed: ${stderr || stdout}`);
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
