import { expect } from "expect";
import { join } from "node:path";
import type { Input } from "../../cli/inputs.ts";
import { planTargets } from "../../cli/outputs.ts";
import type { Settings } from "../../cli/settings.ts";
import { UsageError } from "../../cli/usage_error.ts";
import { inFolder } from "./_folder.ts";

const card = { id: "srdiff", scale: 4 };

function settings(chosen: Partial<Settings> = {}): Settings {
  return { inputs: [], model: "srdiff", ...chosen };
}

function input(path: string, place = path.split("/").pop()!): Input {
  return { path, place };
}

Deno.test("planTargets() names results after the input, the model and the factor", async () => {
  const cases: [string, Partial<Settings>, string[]][] = [
    ["dir/photo.png", {}, ["dir/photo-srdiff-x4.png"]],
    ["dir/photo.jpg", { scale: 2.5 }, ["dir/photo-srdiff-x2.5.jpg"]],
    ["photo.png", { samples: 2 }, ["photo-srdiff-x4-1.png", "photo-srdiff-x4-2.png"]],
    ["photo.PNG", { out: "out" }, ["out/photo.PNG"]],
    ["photo.jpeg", { out: "out", samples: 2 }, ["out/photo-1.jpeg", "out/photo-2.jpeg"]],
    ["photo.gif", { out: "out" }, ["out/photo.png"]],
    ["photo", { out: "out" }, ["out/photo.png"]],
    ["photo.v2", { out: "out" }, ["out/photo.v2.png"]],
    ["photo.png", { out: "out", format: "jpeg" }, ["out/photo.jpg"]],
    ["photo.jpeg", { out: "out", format: "jpeg" }, ["out/photo.jpeg"]],
    ["photo.png", { output: "new.webp" }, ["new.webp"]],
    ["photo.png", { output: "new.webp", samples: 2 }, ["new-1.webp", "new-2.webp"]],
    ["photo.png", { output: "new" }, ["new"]],
    ["-", { output: "-" }, ["-"]],
    ["-", { output: "new.jpg" }, ["new.jpg"]],
  ];
  for (const [path, chosen, paths] of cases) {
    const [target] = await planTargets([input(path)], settings(chosen), card);
    expect(target.paths).toEqual(paths);
  }
});

Deno.test("planTargets() notes where the format changes", async () => {
  const notes = async (path: string, chosen: Partial<Settings>) =>
    (await planTargets([input(path)], settings(chosen), card))[0].notes.join();
  expect(await notes("photo.gif", { out: "out" })).toMatch(/PNG: \.gif/);
  expect(await notes("photo.png", { output: "new" })).toMatch(/PNG/);
  expect(await notes("photo.png", { out: "out", format: "webp" })).toBe("");
});

Deno.test("planTargets() refuses two inputs with one output", async () => {
  const cases: [string[], Partial<Settings>][] = [
    [["x/a.png", "y/a.png"], { out: "out" }],
    [["a.png", "a.jpg"], { out: "out", format: "png" }],
    [["a.png", "a.gif"], {}],
    [["a.png", "./a.png"], {}],
    [["a.png", "a-1.png", "a-1-1.png"], { out: "out", samples: 1, format: "png", previews: "out" }],
    [["a.png", "b.png"], { output: "c.png" }],
    [["x/a.png", "y/a.png"], { previews: "steps" }],
  ];
  for (const [paths, chosen] of cases) {
    const planned = planTargets(paths.map((path) => input(path)), settings(chosen), card);
    await expect(planned).rejects.toThrow(UsageError);
  }
});

Deno.test("planTargets() refuses contradictory or unknown formats, and several samples on standard output", async () => {
  const cases: Partial<Settings>[] = [
    { output: "a.png", format: "jpeg" },
    { output: "a.avif" },
    { output: "a.TIFF", format: "png" },
    { output: "-", samples: 2 },
  ];
  for (const chosen of cases) {
    const planned = planTargets([input("b.png")], settings(chosen), card);
    await expect(planned).rejects.toThrow(UsageError);
  }
});

Deno.test(
  "planTargets() never lets a result overwrite an input, even through a link",
  inFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    await Deno.mkdir(at("sub"));
    await Deno.writeTextFile(at("a.png"), "a");
    await Deno.symlink(at("a.png"), at("soft.png"));
    await Deno.link(at("a.png"), at("hard.png"));
    await Deno.symlink(folder, at("sub/again"));
    for (const output of ["a.png", "soft.png", "hard.png", "sub/again/a.png", "sub/../a.png"]) {
      const planned = planTargets([input(at("a.png"))], settings({ output: at(output) }), card);
      await expect(planned).rejects.toThrow(/would overwrite the input/);
    }
    const inPlace = planTargets([input(at("a.png"))], settings({ out: at("sub/again") }), card);
    await expect(inPlace).rejects.toThrow(/would overwrite the input/);
  }),
);

Deno.test(
  "planTargets() leaves out earlier results found in a folder, but not those given by name",
  inFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    for (const name of ["a.png", "a-srdiff-x4.png"]) await Deno.writeTextFile(at(name), name);
    const inputs = ["a.png", "a-srdiff-x4.png"].map((name) => input(at(name)));
    const found = inputs.map((input) => ({ ...input, found: true }));
    const targets = await planTargets(found, settings(), card);
    expect(targets.map((target) => target.input.path)).toEqual([at("a.png")]);
    await expect(planTargets(inputs, settings(), card)).rejects.toThrow(
      /would overwrite the input/,
    );
  }),
);

Deno.test("planTargets() gives no output to an input with a problem", async () => {
  const broken = { ...input("a.gif"), problem: new Error("no") };
  const targets = await planTargets([broken, input("a.png")], settings({ out: "out" }), card);
  expect(targets.map((target) => target.paths)).toEqual([[], ["out/a.png"]]);
});
