import { expect } from "expect";
import { dirname, relative } from "node:path";
import { published, root } from "../_package.ts";

Deno.test("the published files enlarge, and say where to find the weights that they leave out", async () => {
  const place = await Deno.makeTempDir();
  for (const file of await published()) {
    const copy = `${place}/${relative(root.pathname, file)}`;
    await Deno.mkdir(dirname(copy), { recursive: true });
    await Deno.copyFile(file, copy);
  }
  const enlarge = async (model: string) => {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--no-lock", "cli/upscale.ts", "--model", model].concat(
        ["--steps", "1", new URL("docs/chelsea.png", root).pathname, "-o", `${place}/a.png`],
      ),
      cwd: place,
    }).output();
    return { code, text: new TextDecoder().decode(stderr) };
  };
  expect((await enlarge("srdiff")).code).toBe(0);
  const absent = await enlarge("sr3");
  expect(absent.text).toMatch(
    /Cannot find denoiser\.onnx of sr3: .*load CLONE\/zoo\/sr3 from a clone/,
  );
  expect(absent.code).toBe(1);
  await Deno.remove(place, { recursive: true });
});
