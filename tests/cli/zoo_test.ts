import { expect } from "expect";
import { join } from "node:path";
import { readCard } from "../../lib/zoo/mod.ts";
import { zooTable } from "../../cli/zoo/table.ts";
import { filesBelow, inFolder } from "./_folder.ts";

const tiny = new URL("../fixtures/zoo/srdiff-tiny", import.meta.url).pathname;
const program = new URL("../../cli/zoo.ts", import.meta.url).pathname;

async function zoo(...args: string[]): Promise<{ code: number; text: string; errors: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "-A", program, ...args],
  }).output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout), errors: decoder.decode(stderr) };
}

Deno.test("zoo list, show and table describe the entries", async () => {
  const [list, show, table] = await Promise.all([
    zoo("list"),
    zoo("show", "bicubic"),
    zoo("table"),
  ]);
  expect([list.code, show.code, table.code]).toEqual([0, 0, 0]);
  expect(list.text).toMatch(/^id .*\n[^]*bicubic +x4 +bicubic +none/);
  expect(show.text).toMatch(/^bicubic .*\n/);
  expect(table.text).toMatch(/^\| entry \| scale .*\n\| --- \|[^]*\| `bicubic` \| x4 \| none/);
});

Deno.test("zoo refuses unknown verbs and models", async () => {
  const [unknown, missing] = await Promise.all([zoo("feed"), zoo("show", "bicubik")]);
  expect([unknown.code, missing.code]).toEqual([2, 1]);
  expect(missing.errors).toMatch(/^error: .*did you mean bicubic.*\n$/);
});

Deno.test(
  "zoo new says which form --graph must have, and that a folder exists already",
  inFolder(async (folder) => {
    const made = join(folder, "mine");
    const create = ["new", made, "--family", "bicubic"];
    const [bare, first] = [await zoo(...create, "--graph", "network.onnx"), await zoo(...create)];
    expect(bare).toMatchObject({ code: 2, errors: expect.stringContaining("NAME=FILE") });
    expect(first.code).toBe(0);
    expect(await zoo(...create)).toMatchObject({
      code: 1,
      errors: `error: Cannot create ${made}: File exists\n`,
    });
  }),
);

Deno.test(
  "zoo check and publish accept a sound entry, and check refuses a changed one",
  inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "index.yml"), "# entries\n");
    const [sound, published] = [
      await zoo("check", tiny, "--no-measure"),
      await zoo("publish", tiny, "--to", folder),
    ];
    expect([sound.code, sound.errors]).toEqual([0, ""]);
    expect(sound.text).toMatch(/srdiff-tiny is valid: .*computes as recorded/);
    expect([published.code, published.errors]).toEqual([0, ""]);
    const entry = join(folder, "srdiff-tiny");
    expect(await filesBelow(entry)).toContain("model.yml");
    expect(await Deno.readTextFile(join(folder, "index.yml"))).toContain("- srdiff-tiny");

    await Deno.writeTextFile(join(entry, "fast.onnx"), "x", { append: true });
    const changed = await zoo("check", entry, "--no-measure");
    expect(changed.code).toBe(1);
    expect(changed.errors).toMatch(/^error: Cannot trust .*fast\.onnx.*\n$/);
  }),
);

Deno.test("zooTable() has a column for each figure that a card has", async () => {
  const card = await readCard(tiny);
  const figures = { BSD100: { psnrY: 26.912, lpips: 0.2 }, Set5: { psnrY: 30 } };
  const [head, , first, second] = zooTable([card, { ...card, id: "other", figures }]).split("\n");
  expect(head).toContain("BSD100 PSNR-Y | BSD100 LPIPS | Set5 PSNR-Y");
  expect(first).toContain("| `srdiff-tiny` | x4 |");
  expect(second).toContain("| 26.91 | 0.200 | 30.00 |");
});

Deno.test("zooTable() has a table for each scale", async () => {
  const card = await readCard(tiny);
  const large = { ...card, id: "large", scale: 8, figures: { Set5x8: { psnrY: 25 } } };
  const [first, second] = zooTable([large, card]).split("\n\n");
  expect(first).toContain("| `srdiff-tiny` | x4 |");
  expect(first).not.toContain("Set5x8");
  expect(second).toContain("Set5x8 PSNR-Y");
});

Deno.test("zooTable() puts the damaged inputs into their own table", async () => {
  const card = await readCard(tiny);
  const set = "BSD100-jpeg75x4 (first 10)";
  const figures = { BSD100x4: { lpips: 0.2 }, [set]: { psnrY: 24, lpips: 0.31 } };
  const [whole, how, damaged] = zooTable([card, { ...card, id: "other", figures }]).split("\n\n");
  expect(whole).not.toContain(set);
  expect(how).toContain("JPEG of quality 75");
  expect(damaged.split("\n")).toEqual([
    `| entry | ${set} |`,
    "| --- | --- |",
    "| `other` | 0.310 |",
  ]);
});
