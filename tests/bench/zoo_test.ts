import { expect } from "expect";
import { existsSync } from "node:fs";
import { entryMethod } from "../../bench/methods/entry.ts";
import { protocolOf } from "../../bench/protocols.ts";
import { openTask } from "../../bench/tasks.ts";
import { writeFigures } from "../../cli/zoo/figures.ts";
import { differences, measureEntry } from "../../bench/zoo_figures.ts";
import { type ModelCard, readCard } from "../../lib/zoo/mod.ts";
import { textured, withFolder, writePng } from "./_pictures.ts";
import { rows } from "./_record.ts";

const root = new URL("../../", import.meta.url);

Deno.test("writeFigures() leaves the rest of a card as it is, including comments", () =>
  withFolder(async (folder) => {
    const path = `${folder}/model.yml`;
    const source = await Deno.readTextFile(new URL("zoo/bicubic/model.yml", root));
    const bare = `# A comment.\n${source.replace(/^figures:\n( .*\n)*/m, "")}`;
    for (const copy of [path, `${path}.before`]) await Deno.writeTextFile(copy, bare);
    const before = await readCard(path);
    const figures = { Set5x4: { images: 5, psnrY: 28.42 } };
    await writeFigures(path, figures);
    await writeFigures(path, figures);
    const after = await readCard(path);
    expect(after).toEqual({ ...before, figures });
    const text = await Deno.readTextFile(path);
    expect(text.slice(0, text.indexOf("figures:"))).toBe(
      (await Deno.readTextFile(path + ".before")).trimEnd() + "\n",
    );
  }));

Deno.test("differences() lists figures that no longer follow from the weights", () => {
  const card = {
    id: "x",
    figures: { Set5x4: { psnrY: 28.4, lpips: 0.3 } },
  } as unknown as ModelCard;
  expect(differences(card, { Set5x4: { psnrY: 28.41, lpips: 0.3004 } })).toEqual([]);
  expect(differences(card, { Set5x4: { psnrY: 28.5, ssimY: 0.8 } })).toEqual([
    "x states psnrY 28.4 on Set5x4, but its weights give 28.5",
    "x states no ssimY on Set5x4; it is 0.8",
  ]);
});

Deno.test("measureEntry() skips the images that the same weights were measured on", () =>
  withFolder(async (data) => {
    const names = ["p0", "p1"];
    for (const name of names) await writePng(`${data}/Set5/HR/${name}.png`, textured(64, 48));
    const card = await readCard(new URL("zoo/bicubic/model.yml", root).pathname);
    const { set } = await openTask(data, "Set5", 4, protocolOf("whole"));
    const signal = new AbortController().signal;
    await using method = await entryMethod(card.id, { signal });
    const { name, digest } = method;
    const sets = [{ name: "Set5", seeds: 1 }];
    const psnrOf = async (methodDigest: string) => {
      const kept = rows(name, [[10], [30]], { methodDigest, setDigest: set.digest });
      const figures = await measureEntry(card, sets, {
        data,
        metricGraphs: {},
        rows: kept,
        signal,
      });
      expect(figures.Set5x4.images).toBe(2);
      return figures.Set5x4.psnrY;
    };
    expect(await psnrOf(digest)).toBe(20);
    expect(await psnrOf("older")).not.toBe(20);
    const known = { Set5x4: { images: 2, psnrY: 12 } };
    expect(await measureEntry(card, sets, { data, metricGraphs: {}, known, signal })).toEqual(
      known,
    );
  }));

Deno.test({
  name: "bench:zoo --check confirms the committed figures (needs ../shared)",
  ignore: !existsSync(new URL("../shared/data/eval/Set5", root)),
  async fn() {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "-q", "bench/zoo.ts", "--check"],
      cwd: root,
    }).output();
    const text = new TextDecoder().decode(stderr);
    expect({ code, text: code === 0 ? "" : text }).toEqual({ code: 0, text: "" });
  },
});
