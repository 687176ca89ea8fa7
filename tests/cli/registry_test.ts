import { expect } from "expect";
import { join } from "node:path";
import { encodeImage, type Image, load, readCard } from "../../mod.ts";
import { tryProviders } from "../../cli/zoo/trials.ts";
import { createEntry } from "../../cli/zoo/new.ts";
import { publish } from "../../cli/zoo/publish.ts";
import { parametersOf } from "../../lib/onnx/parameters.ts";
import { serveEntries } from "../_entry_server.ts";
import { withVariables } from "../_environment.ts";
import { copyFolder } from "../_folder.ts";
import { filesBelow, inFolder } from "./_folder.ts";
import { zoo } from "./_zoo.ts";

const fixtures = new URL("../fixtures/zoo/", import.meta.url).pathname;
const tiny = join(fixtures, "srdiff-tiny");

const source: Image = {
  ...{ width: 9, height: 7, channels: 3 },
  data: new Uint8ClampedArray(4 * 63).map((_, i) => i % 4 === 3 ? 255 : (i * 37) % 251),
};

async function enlarged(model: string, options: Parameters<typeof load>[1]): Promise<Image> {
  await using upscaler = await load(model, { ...options, provider: "native", threads: 1 });
  return (await upscaler.upscale(source, upscaler.generative ? { seed: 3 } : {})).images[0];
}

Deno.test(
  "zoo publish writes an entry that loads from an index, a plain folder and a Hub layout",
  inFolder(async (folder) => {
    const [index, plain, hub, cache] = ["index", "plain", "hub", "cache"].map((name) =>
      join(folder, name)
    );
    const repository = join(hub, "srdiff-tiny");
    await Deno.mkdir(index);
    await Deno.writeTextFile(join(index, "index.yml"), "[]\n");
    const results = [
      await zoo("publish", tiny, "--to", index),
      await zoo("publish", tiny, "--layout", "folder", "--to", plain),
      await zoo("publish", tiny, "--layout", "hub", "--to", repository),
    ];
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
    for (const { text } of results) {
      expect(text).toMatch(/srdiff-tiny is published in .*\n.*srdiff-tiny/);
    }
    const readme = await Deno.readTextFile(join(repository, "README.md"));
    expect(readme).toMatch(
      /^---\nlicense: cc0-1\.0\nlibrary_name: srzoo\npipeline_tag: image-to-image/,
    );

    const wanted = await enlarged(tiny, {});
    await using near = serveEntries(index);
    await using far = serveEntries(plain);
    await using owner = serveEntries(hub);
    await withVariables({ SRZOO_CACHE: cache, HF_ENDPOINT: owner.url }, async () => {
      const found = [
        await enlarged("srdiff-tiny", { zoo: index }),
        await enlarged("srdiff-tiny", { zoo: near.url }),
        await enlarged("srdiff-tiny", { zoo: `${far.url}/index.yml` }),
        await enlarged(`${far.url}/srdiff-tiny/model.yml`, {}),
        await enlarged("hf:OWNER/srdiff-tiny", {}),
        await enlarged("hf:OWNER/srdiff-tiny", { offline: true }),
      ];
      for (const image of found) expect(image.data).toEqual(wanted.data);

      const kept = (await zoo("--zoo", far.url, "--json", "verify")).text;
      expect(JSON.parse(kept).map((row: { state: string }) => row.state)).toEqual(
        Array(4).fill("intact"),
      );
      expect((await zoo("--zoo", far.url, "remove", "srdiff-tiny")).text).toMatch(/encoder/);
      expect((await zoo("--zoo", far.url, "verify")).text).toMatch(/encoder +not on this machine/);
      const pulled = await zoo("--zoo", far.url, "pull", "srdiff-tiny");
      expect([pulled.code, pulled.text]).toEqual([0, expect.stringMatching(/denoiser/)]);
      expect((await zoo("--zoo", far.url, "--offline", "list")).text).toMatch(/srdiff-tiny/);
    });
  }),
);

Deno.test(
  "zoo publish copies the list of the data's authors, and the images that the README shows",
  inFolder(async (folder) => {
    const entry = join(folder, "entry");
    await copyFolder(tiny, entry);
    const card = await Deno.readTextFile(join(entry, "model.yml"));
    const named = card.replace('"data": []', '"data": [], "attribution": "AUTHORS.md"');
    await Deno.writeTextFile(join(entry, "model.yml"), named);
    const lacking = await zoo("publish", entry, "--layout", "hub", "--to", join(folder, "a"));
    expect([lacking.code, lacking.text]).toEqual([
      1,
      expect.stringMatching(/AUTHORS\.md, .*missing/),
    ]);
    expect(await filesBelow(folder)).not.toContain("a");

    await Deno.writeTextFile(join(entry, "AUTHORS.md"), "- a.jpg, by A, CC BY 4.0\n");
    const readme = "![shown](shown.png) ![gone](gone.png) ![far](../secret.png) [x](private.txt)\n";
    await Deno.writeTextFile(join(entry, "README.md"), readme);
    for (const name of ["shown.png", "other.png", "private.txt", "../secret.png"]) {
      await Deno.writeTextFile(join(entry, name), name);
    }
    for (const layout of ["hub", "folder"]) {
      const to = join(folder, layout);
      expect((await zoo("publish", entry, "--layout", layout, "--to", to)).code).toBe(0);
      const place = layout === "hub" ? to : join(to, "srdiff-tiny");
      expect((await filesBelow(place)).sort()).toEqual([
        ...["AUTHORS.md", "README.md", "denoiser.onnx", "encoder.onnx", "fast.onnx"],
        ...["fixture.safetensors", "model.yml", "shown.png"],
      ]);
    }
  }),
);

Deno.test(
  "zoo prune removes unfinished and damaged files, and nothing that does not belong to the cache",
  inFolder(async (folder) => {
    const sound = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const files = [sound, "0".repeat(64), `${"1".repeat(64)}.part`, "photo.png", "2.part"];
    for (const file of files) {
      await Deno.writeTextFile(join(folder, file), file === sound ? "" : "x");
    }
    const past = new Date(Date.now() - 2 * 86_400_000);
    await Deno.utime(join(folder, files[2]), past, past);
    await withVariables({ SRZOO_CACHE: folder }, async () => {
      expect((await zoo("prune")).text).toMatch(/^removed 2 files/);
      expect((await filesBelow(folder)).sort()).toEqual(["2.part", "photo.png", sound].sort());
      await zoo("prune", "--all");
      expect((await filesBelow(folder)).sort()).toEqual(["2.part", "photo.png"]);
    });
  }),
);

Deno.test(
  "zoo new creates an entry that runs and can be published",
  inFolder(async (folder) => {
    const entry = join(folder, "my-model");
    const network = join(fixtures, "regression-tiny", "network.onnx");
    const flags = ["--family", "regression", "--multiple", "2", "--graph", `network=${network}`];
    const made = await zoo("new", entry, ...flags);
    expect([made.code, made.text]).toEqual([0, expect.stringMatching(/my-model was created/)]);
    const card = await readCard(entry);
    const original = await readCard(join(fixtures, "regression-tiny"));
    expect(card.graphs.network.parameters).toBe(original.graphs.network.parameters);
    expect(parametersOf(await Deno.readFile(network))).toBe(card.graphs.network.parameters);
    const verdicts = await tryProviders(card, {});
    expect(verdicts.map(({ provider }) => provider)).toEqual(["native", "wasm", "webgpu"]);
    expect(verdicts[1].difference!.most).toBeLessThanOrEqual(1);
    await publish(entry, join(folder, "registry"), { create: true });
    expect((await enlarged("my-model", { zoo: join(folder, "registry") })).width).toBe(36);

    const again = await zoo("new", entry, "--family", "regression");
    expect([again.code, again.text]).toEqual([1, expect.stringMatching(/exists/)]);
    const wrong = await zoo("new", join(folder, "Wrong Name"), "--family", "regression");
    expect([wrong.code, wrong.text]).toEqual([1, expect.stringMatching(/lower-case/)]);
    expect((await zoo("new", join(folder, "x"), "--family", "magic")).code).toBe(2);
    await expect(createEntry(join(folder, "y"), {
      ...{ family: "regression", scale: 4, multiple: 1, licence: "CC0-1.0" },
      graphs: { network: join(folder, "my-model", "README.md") },
    })).rejects.toThrow(/Cannot use .*README\.md/);
    expect((await filesBelow(folder)).some((file) => /^(x|y|Wrong)/.test(file))).toBe(false);
  }),
);

Deno.test(
  "publish() by several processes at once loses no entry of the index",
  inFolder(async (folder) => {
    const registry = join(folder, "registry");
    const entries = await Promise.all(["a", "b", "c", "d"].map(async (id) => {
      const entry = join(folder, id);
      await Deno.mkdir(entry);
      for (const { name } of Deno.readDirSync(tiny)) {
        const text = await Deno.readFile(join(tiny, name));
        await Deno.writeFile(join(entry, name), text);
      }
      const card = await Deno.readTextFile(join(entry, "model.yml"));
      await Deno.writeTextFile(join(entry, "model.yml"), card.replace('"srdiff-tiny"', `"${id}"`));
      return entry;
    }));
    const program = new URL("../../cli/zoo.ts", import.meta.url).pathname;
    const results = await Promise.all(entries.map((entry) =>
      new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--quiet", "--no-check", "-A", program, "publish", entry],
          ...["--layout", "folder", "--to", registry],
        ],
      }).output()
    ));
    const errors = results.map(({ stderr }) => new TextDecoder().decode(stderr));
    expect(errors).toEqual(["", "", "", ""]);
    const index = await Deno.readTextFile(join(registry, "index.yml"));
    expect(index.match(/^- [a-d]$/gm)?.sort()).toEqual(["- a", "- b", "- c", "- d"]);
    const names = [...Deno.readDirSync(registry)].map(({ name }) => name).sort();
    expect(names).toEqual(["a", "b", "c", "d", "index.yml"]);
  }),
);

Deno.test("zoo answers in JSON, and prints no control characters", async () => {
  const { text, code } = await zoo("--zoo", fixtures, "--json", "list");
  expect(code).toBe(0);
  expect(JSON.parse(text).map(({ id }: { id: string }) => id)).toContain("tiny");
  const refused = await zoo("show", "\u001b[2J");
  expect(refused.code).toBe(1);
  expect(refused.text).not.toContain("\u001b");
});

Deno.test(
  "upscale takes models from another registry, lists them, and uses no network offline",
  inFolder(async (folder) => {
    const upscale = async (...args: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--quiet", "--no-check", "-A"],
          new URL("../../cli/upscale.ts", import.meta.url).pathname,
          ...args,
        ],
        env: { SRZOO_CACHE: join(folder, "cache") },
      }).output();
      const decoder = new TextDecoder();
      return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
    };
    await using server = serveEntries(fixtures);
    const image = join(folder, "image.png");
    await Deno.writeFile(image, await encodeImage(source, { format: "png" }));
    const flags = [
      "--zoo",
      server.url,
      "--model",
      "regression-tiny",
      "--provider",
      "native",
      image,
    ];
    const offline = await upscale(...flags, "--offline", "-o", join(folder, "a.png"));
    expect([offline.code, offline.text]).toEqual([1, expect.stringMatching(/without offline/)]);
    const online = await upscale(...flags, "-o", join(folder, "b.png"));
    expect([online.code, online.text]).toEqual([0, expect.stringMatching(/b\.png/)]);
    const again = await upscale(...flags, "--offline", "-o", join(folder, "c.png"));
    expect(again.code).toBe(0);
    expect(await Deno.readFile(join(folder, "c.png")))
      .toEqual(await Deno.readFile(join(folder, "b.png")));
    const listed = await upscale("--zoo", server.url, "--list-models");
    expect([listed.code, listed.text]).toEqual([0, expect.stringMatching(/regression-tiny +x4/)]);
  }),
);
