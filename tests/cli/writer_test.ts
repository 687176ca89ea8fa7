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
  "openWriter() removes what a killed run left, but not what another run is writing",
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

Deno.test(
  "openWriter() keeps a link and writes the file that it leads to, whether that exists or not",
  { ignore: Deno.build.os === "windows" },
  inFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    await Deno.mkdir(at("store"));
    await Deno.writeTextFile(at("store/old.png"), "old");
    await Deno.symlink("store/old.png", at("a.png"));
    await Deno.symlink(at("store/new.png"), at("b.png"));
    await Deno.symlink("b.png", at("c.png"));
    const { write } = openWriter(new Set());
    await write(at("a.png"), bytes);
    await write(at("c.png"), bytes);
    for (const name of ["a.png", "b.png", "c.png"]) {
      expect((await Deno.lstat(at(name))).isSymlink).toBe(true);
    }
    expect(await Deno.readTextFile(at("store/old.png"))).toBe("whole");
    expect(await Deno.readTextFile(at("store/new.png"))).toBe("whole");
    await Deno.symlink("loop.png", at("loop.png"));
    await expect(write(at("loop.png"), bytes)).rejects.toThrow(/leads back to itself/);
  }),
);

Deno.test(
  "openWriter() keeps the mode of a file that is replaced",
  { ignore: Deno.build.os === "windows" },
  inFolder(async (folder) => {
    const path = join(folder, "a.png");
    for (const mode of [0o600, 0o664, 0o640]) {
      await Deno.writeTextFile(path, "old");
      await Deno.chmod(path, mode);
      await openWriter(new Set()).write(path, bytes);
      expect((await Deno.stat(path)).mode! & 0o777).toBe(mode);
    }
  }),
);

Deno.test(
  "openWriter() reports each file while it is not finished",
  inFolder(async (folder) => {
    const told: number[] = [];
    const { write } = openWriter(new Set(), (paths) => told.push(paths.length));
    await write(join(folder, "a.png"), bytes);
    expect(told).toEqual([1, 0]);
  }),
);

Deno.test(
  "openWriter() does not replace a pipe",
  { ignore: Deno.build.os === "windows" },
  inFolder(async (folder) => {
    const path = join(folder, "a.png");
    await new Deno.Command("mkfifo", { args: [path] }).output();
    await expect(openWriter(new Set()).write(path, bytes)).rejects.toThrow("not an ordinary file");
    expect((await Deno.stat(path)).isFifo).toBe(true);
    expect(await filesBelow(folder)).toEqual(["a.png"]);
  }),
);
