import { expect } from "expect";
import { join } from "node:path";
import { identityOf } from "../../cli/identity.ts";
import { openWriter } from "../../cli/writer.ts";
import { filesBelow, inFolder } from "./_folder.ts";

const bytes = new TextEncoder().encode("whole");

Deno.test(
  "openWriter() makes the folders and leaves nothing but the file",
  inFolder(async (folder) => {
    await openWriter(new Set()).write(join(folder, "x/y/a.png"), bytes);
    expect(await filesBelow(folder)).toEqual(["x/y/a.png"]);
    expect(await Deno.readTextFile(join(folder, "x/y/a.png"))).toBe("whole");
  }),
);

Deno.test(
  "openWriter() refuses to write over an input and leaves no trace",
  inFolder(async (folder) => {
    const path = join(folder, "a.png");
    await Deno.writeTextFile(path, "mine");
    const writer = openWriter(new Set([(await identityOf(path))!]));
    await expect(writer.write(path, bytes)).rejects.toThrow(/it is an input/);
    expect(await filesBelow(folder)).toEqual(["a.png"]);
    expect(await Deno.readTextFile(path)).toBe("mine");
  }),
);

Deno.test(
  "openWriter() leaves no trace of a file that could not be put in place",
  inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "a.png"));
    const writing = openWriter(new Set()).write(join(folder, "a.png"), bytes);
    await expect(writing).rejects.toThrow(/^Cannot write .*a\.png: .*directory/);
    expect(await filesBelow(folder)).toEqual([]);
  }),
);

Deno.test(
  "openWriter() sweeps away what a killed run left, but not what another run is writing",
  inFolder(async (folder) => {
    const left = (name: string) => join(folder, `.srzoo-${name}.part`);
    const [old, fresh] = [crypto.randomUUID(), crypto.randomUUID()];
    for (const name of [old, fresh]) await Deno.writeTextFile(left(name), "half");
    const hourAgo = new Date(Date.now() - 3_600_000);
    await Deno.utime(left(old), hourAgo, hourAgo);
    await openWriter(new Set()).write(join(folder, "a.png"), bytes);
    expect(await filesBelow(folder)).toEqual([`.srzoo-${fresh}.part`, "a.png"]);
  }),
);
