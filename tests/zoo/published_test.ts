/** A model that was just trained is published in every layout, and found again by its name. */

import { expect } from "expect";
import { join } from "node:path";
import { encodeImage, type Image, load, openZoo, readCard } from "../../mod.ts";
import { publish, publishForHub } from "../../cli/zoo/publish.ts";
import { serveEntries } from "../_entry_server.ts";
import { withVariables } from "../_environment.ts";
import { python } from "../_python.ts";
import { textured, writePng } from "../bench/_pictures.ts";
import { inFolder } from "../cli/_folder.ts";

const root = new URL("../../", import.meta.url).pathname;
const id = "fresh";
const source: Image = textured(12, 9);

/** Runs a program in the project; fails with what it printed. */
async function run(program: string, args: string[], env: Record<string, string>): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, cwd: root, env })
    .output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  expect([success, success ? "" : text]).toEqual([true, ""]);
  return text;
}

/** Packs photographs, trains two steps of a network as small as it gets, and exports it. */
async function trained(folder: string): Promise<string> {
  for (let i = 0; i < 4; i++) {
    await writePng(join(folder, `photos/${i}.png`), textured(192, 192, i));
  }
  const train = async (module: string, ...args: string[]) =>
    await run(python!, ["-m", `srzoo_train.${module}`, ...args], {
      ...{ PYTHONPATH: join(root, "train"), OMP_NUM_THREADS: "1" },
    });
  const [data, work, entry] = ["data", "run", id].map((name) => join(folder, name));
  await train("data.prepare", join(folder, "photos"), "--out", data, "--scale", "4");
  const network = "network={channels: 8, blocks: 2, deep: 16, deep_blocks: 1}";
  const small = [network, "batch=2", "crop=16", "precision=fp32"].flatMap((set) => ["--set", set]);
  await train(
    "train",
    ...["--recipe", join(root, "train/recipes/srdiff-x4.yml"), "--data", data, "--out", work],
    ...[...small, "--workers", "0", "--max-steps", "2"],
  );
  await train("export", work, "--to", entry);
  return entry;
}

async function enlarged(model: string, options: Parameters<typeof load>[1] = {}): Promise<Image> {
  await using upscaler = await load(model, { ...options, provider: "native", threads: 1 });
  return (await upscaler.upscale(source, { seed: 3 })).images[0];
}

Deno.test({
  name: "a trained model is published in every layout, and loaded, run and measured by its name",
  ignore: python === undefined,
  fn: inFolder(async (folder) => {
    const entry = await trained(folder);
    const wanted = await enlarged(entry);

    // This repository's index, in a copy that has none of the other entries' weights.
    const index = join(folder, "zoo");
    await Deno.mkdir(index);
    await Deno.copyFile(join(root, "zoo/index.yml"), join(index, "index.yml"));
    await publish(entry, index);
    await publish(entry, join(folder, "public"), { create: true });
    await publishForHub(entry, join(folder, "hub"));
    expect((await openZoo(index).find(id)).graphs).toEqual((await readCard(entry)).graphs);
    expect(await Deno.readTextFile(join(index, "index.yml"))).toMatch(/- srdiff\n[^]*- fresh\n$/);

    await using server = serveEntries(folder);
    const cache = join(folder, "cache");
    await withVariables({ HF_ENDPOINT: server.url }, async () => {
      const found = [
        await enlarged(id, { zoo: index }),
        await enlarged(id, { zoo: `${server.url}/zoo`, cache }),
        await enlarged(id, { zoo: `${server.url}/public/index.yml`, cache }),
        await enlarged(`${server.url}/public/${id}`, { cache }),
        await enlarged(`hf:OWNER/hub`, { cache }),
        await enlarged(`hf:OWNER/hub`, { cache, offline: true }),
      ];
      for (const image of found) expect(image.data).toEqual(wanted.data);
    });

    const env = { SRZOO_CACHE: cache, HF_ENDPOINT: server.url };
    const photo = join(folder, "photo.png");
    await Deno.writeFile(photo, await encodeImage(source, { format: "png" }));
    const program = ["run", "--quiet", "--no-check", "-A"];
    const upscale = [...program, "cli/upscale.ts", photo, "--seed", "3", "--provider", "native"];
    await run(
      Deno.execPath(),
      [...upscale, "--model", `hf:OWNER/hub`, "-o", join(folder, "large.png")],
      env,
    );
    expect((await Deno.stat(join(folder, "large.png"))).size).toBeGreaterThan(100);

    await writePng(join(folder, "set/one.png"), textured(48, 32));
    const results = join(folder, "figures.json");
    await run(Deno.execPath(), [
      ...[...program, "bench/main.ts", "--model", `${server.url}/public/${id}`],
      ...["--set", join(folder, "set"), "--no-speed", "--seeds", "1", "--out", results],
    ], env);
    const { rows } = JSON.parse(await Deno.readTextFile(results));
    expect(rows.some(({ method }: { method: string }) => method === id)).toBe(true);
  }),
});
