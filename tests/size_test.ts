import { expect } from "expect";

const root = new URL("../", import.meta.url);
const MiB = 2 ** 20;

async function bytesOf(paths: string[]): Promise<number> {
  let sum = 0;
  for (const path of paths) sum += (await Deno.stat(new URL(path, root))).size;
  return sum;
}

async function output(command: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd: root }).output();
  const decoder = new TextDecoder();
  expect([success, success ? "" : decoder.decode(stderr)]).toEqual([true, ""]);
  return decoder.decode(stdout) + decoder.decode(stderr);
}

Deno.test("all tracked files together stay under 64 MiB", async () => {
  const files = (await output("git", ["ls-files", "-z"])).split("\0").filter(Boolean);
  expect(files.length).toBeGreaterThan(50);
  expect(await bytesOf(files)).toBeLessThan(64 * MiB);
});

Deno.test("what deno publish lists stays under 20 MiB", async () => {
  const listed = await output(Deno.execPath(), [
    "publish",
    "--dry-run",
    "--allow-dirty",
    "--no-check",
  ]);
  const files = [...listed.matchAll(/^\s+file:\/\/(\S+) \(/gm)].map((match) => match[1]);
  expect(files.length).toBeGreaterThan(20);
  expect(await bytesOf(files.map((file) => `file://${file}`))).toBeLessThan(20 * MiB);
});
