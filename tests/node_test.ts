import { expect } from "expect";
import { join } from "node:path";
import { linkPackages } from "./_packages.ts";

const root = new URL("../", import.meta.url).pathname;
const node = Deno.env.get("SRZOO_NODE") ?? "node";

/** Whether there is a Node that runs TypeScript directly. */
async function hasNode(): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command(node, { args: ["--version"] }).output();
    return Number(new TextDecoder().decode(stdout).match(/^v(\d+)/)?.[1]) >= 24;
  } catch {
    return false;
  }
}

const program = `
  import { encodeImage, load } from "./mod.ts";
  const image = (width, height) => ({
    width, height, channels: 3,
    data: new Uint8ClampedArray(4 * width * height).map((_, i) => i % 4 === 3 ? 255 : i % 251),
  });
  await using upscaler = await load("./zoo/regression-tiny", { provider: "native", threads: 1 });
  const { images: [small] } = await upscaler.upscale(image(8, 8));
  console.log(small.width, (await encodeImage(small, { format: "png" })).length > 100);
  const abort = new AbortController();
  setTimeout(() => abort.abort(new Error("enough")), 300);
  const running = upscaler.upscale(image(1500, 1500), { signal: abort.signal });
  console.log(await running.catch((error) => error.message));
  console.log((await upscaler.upscale(image(9, 9))).images[0].width);
`;

Deno.test({
  name: "the library runs in Node, which survives an abort during native code (needs Node 24)",
  ignore: !await hasNode(),
  async fn() {
    const folder = await Deno.makeTempDir();
    const packages = await linkPackages();
    try {
      const copy = (from: string, to: string) =>
        new Deno.Command("cp", { args: ["-r", join(root, from), join(folder, to)] }).output();
      await copy("lib", "lib");
      await copy("mod.ts", "mod.ts");
      await copy("deno.json", "deno.json");
      await copy("tests/fixtures/zoo", "zoo");
      await Deno.symlink(packages, join(folder, "node_modules"));
      await Deno.writeTextFile(join(folder, "package.json"), '{"type": "module"}');
      await Deno.writeTextFile(join(folder, "program.mjs"), program);
      const { code, stdout, stderr } = await new Deno.Command(node, {
        args: ["--preserve-symlinks", "--preserve-symlinks-main", "program.mjs"],
        cwd: folder,
      }).output();
      const decoder = new TextDecoder();
      expect([code, decoder.decode(stdout), code === 0 ? "" : decoder.decode(stderr)])
        .toEqual([0, "32 true\nenough\n36\n", ""]);
    } finally {
      await Deno.remove(folder, { recursive: true });
      await Deno.remove(packages, { recursive: true });
    }
  },
});
