import { expect } from "expect";
import { join } from "node:path";
import { checkFolders } from "../../cli/collisions.ts";
import { checkSpace } from "../../cli/destinations.ts";
import type { Input } from "../../cli/inputs.ts";
import { planTargets } from "../../cli/outputs.ts";
import type { Settings } from "../../cli/settings.ts";
import { filesBelow, inFolder } from "./_folder.ts";

const card = { id: "m", scale: 4 };
const unix = { ignore: Deno.build.os === "windows" };

function targetsOf(paths: string[], chosen: Partial<Settings> = {}) {
  const inputs = paths.map((path): Input => ({ path, place: path.split("/").pop()! }));
  return planTargets(inputs, { inputs: [], model: "m", ...chosen }, card);
}

Deno.test(
  "planTargets() refuses a place that cannot be written, and leaves no trace",
  unix,
  inFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    await Deno.writeTextFile(at("file"), "x");
    await Deno.writeTextFile(at("a.png"), "a");
    const refused: [Partial<Settings>, RegExp][] = [
      [{ out: "/proc/out" }, /^Cannot write into \/proc: /],
      [{ out: at("file/deep") }, /^Cannot write into .*file.*: .*/],
      [{ output: "/proc/a.png" }, /^Cannot write into \/proc: /],
      [{ out: at("out"), previews: "/proc/p" }, /^Cannot write into \/proc: /],
    ];
    for (const [chosen, why] of refused) {
      await expect(targetsOf([at("a.png")], chosen)).rejects.toThrow(why);
    }
    await targetsOf([at("a.png")], { out: at("x/y/z"), previews: at("p") });
    expect(await filesBelow(folder)).toEqual(["a.png", "file"]);
    await expect(Deno.stat(at("x"))).rejects.toThrow(Deno.errors.NotFound);
  }),
);

Deno.test(
  "planTargets() keeps the other files when the result of one cannot be written",
  unix,
  inFolder(async (folder) => {
    const long = join(folder, "L".repeat(247) + ".png");
    const loop = join(folder, "loop-m-x4.png");
    for (const path of [long, join(folder, "a.png"), join(folder, "loop.png")]) {
      await Deno.writeTextFile(path, path);
    }
    await Deno.symlink(loop, loop);
    const targets = await targetsOf([
      long,
      "/proc/version",
      join(folder, "loop.png"),
      join(folder, "a.png"),
    ]);
    const problems = targets.map(({ input }) => input.problem?.message ?? "");
    expect(problems[0]).toMatch(/its name would have 256 bytes, and at most 255 are allowed/);
    expect(problems[1]).toMatch(/^Cannot write into \/proc: /);
    expect(problems[2]).toMatch(/^Cannot write .*loop-m-x4\.png: /);
    expect(problems[3]).toBe("");
    expect(targets.map(({ paths }) => paths.length)).toEqual([0, 0, 0, 1]);
  }),
);

Deno.test("planTargets() refuses previews whose names would be too long, and only these", async () => {
  const named = async (length: number, chosen: Partial<Settings>) => {
    const [{ input, paths }] = await targetsOf(["L".repeat(length) + ".png"], chosen);
    return [input.problem?.message ?? "", paths.length];
  };
  // "L…L-m-x4-1-step9999.png" and, for standard output, "L…L-step9999.png".
  const two = { samples: 2, previews: "p" };
  expect(await named(235, two)).toEqual(["", 2]);
  expect(await named(236, two)).toEqual([
    expect.stringMatching(/previews of L+\.png: their names would have up to 256 bytes.* -o/),
    0,
  ]);
  expect(await named(236, { samples: 2 })).toEqual(["", 2]);
  expect(await named(242, { output: "-", previews: "p" })).toEqual(["", 1]);
  expect(await named(243, { output: "-", previews: "p" })).toEqual([
    expect.stringMatching(/up to 256 bytes/),
    0,
  ]);
});

Deno.test(
  "checkSpace() refuses a result that does not fit on the disk",
  unix,
  inFolder(async (folder) => {
    const [target] = await targetsOf(["a.png"], { out: join(folder, "new") });
    await checkSpace(target, 1000);
    await expect(checkSpace(target, 1e18)).rejects.toThrow(/the disk has .* left, .*--out/);
  }),
);

Deno.test(
  "checkFolders() refuses a folder in place of a file, and a file's name in place of a folder",
  inFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    await Deno.mkdir(at("old.png"));
    const refused: [Parameters<typeof checkFolders>[0], RegExp][] = [
      [{ output: at("old.png") }, /-o names a file, and .*old\.png is a folder: write --out /],
      [{ output: at("new/") }, /-o names a file, and .*new\/ is a folder: write --out /],
      [{ output: "" }, /-o names a file/],
      [{ sheet: at("new/") }, /--sheet .*new\/ is not an ordinary file/],
      [{ out: at("new.png") }, /--out names a folder, and .*new\.png looks like a file: write -o /],
    ];
    for (const [chosen, why] of refused) {
      await expect(checkFolders(chosen)).rejects.toThrow(why);
    }
    await checkFolders({ out: at("old.png") });
    await checkFolders({ out: at("v1.2"), output: at("new.png"), sheet: at("sheet.png") });
    expect(await filesBelow(folder)).toEqual([]);
  }),
);
