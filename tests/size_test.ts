import { expect } from "expect";
import { output, published, root } from "./_package.ts";

const MiB = 2 ** 20;

async function bytesOf(paths: string[]): Promise<number> {
  let sum = 0;
  for (const path of paths) sum += (await Deno.stat(new URL(path, root))).size;
  return sum;
}

Deno.test("all tracked files together stay under 64 MiB", async () => {
  const files = (await output("git", ["ls-files", "-z"])).split("\0").filter(Boolean);
  expect(files.length).toBeGreaterThan(50);
  expect(await bytesOf(files)).toBeLessThan(64 * MiB);
});

Deno.test("the files that deno publish uploads stay under JSR's limit of 20 MB", async () => {
  const files = await published();
  expect(files.length).toBeGreaterThan(20);
  expect(await bytesOf(files.map((file) => `file://${file}`))).toBeLessThan(20e6);
});
