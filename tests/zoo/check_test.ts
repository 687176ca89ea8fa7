import { expect } from "expect";
import { join } from "node:path";
import { encodeImage, readCard } from "../../mod.ts";
import { tryProviders } from "../../cli/zoo/trials.ts";
import { copyFolder } from "../_folder.ts";
import { textured } from "../bench/_pictures.ts";
import { inFolder } from "../cli/_folder.ts";
import { zoo } from "../cli/_zoo.ts";

const root = new URL("../../", import.meta.url).pathname;
const fixtures = join(root, "tests/fixtures/zoo");

/** A writable copy of an entry, and a folder of two images. */
async function setUp(folder: string, entry: string): Promise<{ copy: string; set: string }> {
  const [copy, set] = [join(folder, "entry"), join(folder, "set")];
  await Deno.mkdir(set);
  await copyFolder(entry, copy);
  for (const name of ["a", "b"]) {
    await Deno.writeFile(
      join(set, `${name}.png`),
      await encodeImage(textured(70, 50), { format: "png" }),
    );
  }
  return { copy, set };
}

Deno.test(
  "zoo check measures an entry beside bicubic, and gives the entry bicubic the same figures",
  inFolder(async (folder) => {
    const { copy, set } = await setUp(folder, join(root, "zoo/bicubic"));
    const { code, text } = await zoo("--json", "check", copy, "--set", set);
    expect(code).toBe(0);
    const { figures, bicubic, written } = JSON.parse(text);
    expect(written).toBe(join(copy, "model.yml"));
    expect(bicubic).toMatchObject({ images: 2, seeds: 1 });
    expect(bicubic.psnrY).toBeGreaterThan(10);
    // They differ at the border: the entry works beyond it, the baseline repeats the last pixels.
    for (const [key, value] of Object.entries<number>(bicubic)) {
      expect(Math.abs(figures.setx4[key] - value)).toBeLessThan(key === "lrPsnr" ? 0.1 : 0.01);
    }
    // The figures of other sets stay as they are.
    const before = await readCard(join(root, "zoo/bicubic"));
    const after = await readCard(copy);
    expect(after.figures).toEqual({ ...before.figures, setx4: figures.setx4 });
  }),
);

Deno.test(
  "zoo check draws two seeds of a generative entry, and does not change its card with --no-write",
  inFolder(async (folder) => {
    const { copy, set } = await setUp(folder, join(fixtures, "srdiff-tiny"));
    const before = await Deno.readTextFile(join(copy, "model.yml"));
    const told = await zoo("check", copy, "--set", set, "--no-write");
    expect([told.code, told.text]).toEqual([
      0,
      expect.stringMatching(/setx4, 2 images, 2 seeds: .*Y /),
    ]);
    expect(told.text).toMatch(
      /graphs differ by encoder \S+, denoiser \S+, fast \S+ of their range/,
    );
    expect(told.text).toMatch(/diversity \d.*\n[^]*The card was not changed\.$/);
    expect(await Deno.readTextFile(join(copy, "model.yml"))).toBe(before);

    const written = await zoo("check", copy, "--set", set);
    expect(written.text).toContain(`Written into ${join(copy, "model.yml")}.`);
    expect((await readCard(copy)).figures?.setx4).toMatchObject({ images: 2, seeds: 2 });
  }),
);

Deno.test(
  "zoo check says what to do if it finds no image to measure on",
  inFolder(async (folder) => {
    const { code, text } = await zoo("check", join(fixtures, "srdiff-tiny"), "--set", folder);
    expect([code, text]).toEqual([1, expect.stringMatching(/no images in .*--set .*--no-measure/)]);
  }),
);

Deno.test("tryProviders() runs every graph of an entry, on two providers at least", async () => {
  // The test of `zoo check` above covers srdiff-tiny.
  for (const name of ["srflow-tiny", "photo-tiny", "ddpm-free-tiny"]) {
    const card = await readCard(join(fixtures, name));
    const [first, second] = (await tryProviders(card, {})).filter(({ works }) => works);
    expect([first.provider, second.provider]).toEqual(["native", "wasm"]);
    expect(second.difference!.most).toBeLessThanOrEqual(1);
    const graphs = second.graphs!;
    expect(Object.keys(graphs).sort()).toEqual(Object.keys(card.graphs).sort());
    expect(Math.max(...Object.values(graphs))).toBeLessThan(1e-3);
  }
});
