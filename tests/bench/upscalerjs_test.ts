import { expect } from "expect";
import { existsSync } from "node:fs";
import { measureUpscalerjs, upscalerjsMethod } from "../../bench/peers/upscalerjs.ts";
import { psnrRgb } from "../../lib/metrics/mod.ts";
import { readImage, resizeImage } from "../../mod.ts";
import { textured, withFolder } from "./_pictures.ts";

const folder = Deno.env.get("SRZOO_UPSCALERJS") ??
  new URL("../../../upscalerjs", import.meta.url).pathname;
const ignore = !existsSync(`${folder}/node_modules/upscaler`);

Deno.test({
  name: "upscalerjsMethod() enlarges images one after the other (needs UpscalerJS)",
  ignore,
  async fn() {
    await using method = await upscalerjsMethod(folder, "esrgan-slim");
    for (const [width, height] of [[24, 16], [33, 20]]) {
      const low = textured(width, height);
      const result = await method.enlarge({ low, scale: 4, seed: 0, set: "s", image: "a" });
      expect([result.width, result.height]).toEqual([4 * width, 4 * height]);
      expect(psnrRgb(result, resizeImage(low, result))).toBeGreaterThan(18);
    }
  },
});

Deno.test({
  name: "upscalerjsMethod() reproduces the sample image of the package (needs UpscalerJS)",
  ignore,
  async fn() {
    const assets = `${folder}/node_modules/@upscalerjs/esrgan-slim/assets`;
    await using method = await upscalerjsMethod(folder, "esrgan-slim");
    const low = await readImage(`${assets}/fixture.png`);
    const result = await method.enlarge({ low, scale: 4, seed: 0, set: "s", image: "a" });
    // The sample was made on another backend, where values between two bytes may round differently.
    expect(psnrRgb(result, await readImage(`${assets}/samples/4x/result.png`))).toBeGreaterThan(70);
  },
});

Deno.test({
  name: "measureUpscalerjs() times an image (needs UpscalerJS)",
  ignore,
  async fn() {
    const size = { width: 24, height: 16 };
    const row = await measureUpscalerjs(folder, "esrgan-slim", size, new AbortController().signal);
    expect([row.method, row.width, row.threads]).toEqual(["upscalerjs-esrgan-slim", 24, 1]);
    expect(row.steady).toBeGreaterThan(0);
    expect(row.peak).toBeGreaterThan(20);
  },
});

Deno.test("upscalerjsMethod() says where to find out how to install it", () =>
  withFolder(async (empty) => {
    await expect(upscalerjsMethod(empty, "esrgan-slim")).rejects.toThrow("bench/README.md");
  }));

Deno.test("upscalerjsMethod() says what is wrong with a broken installation, for every image", () =>
  withFolder(async (broken) => {
    for (const name of ["upscaler", "@upscalerjs/esrgan-slim"]) {
      const place = `${broken}/node_modules/${name}`;
      await Deno.mkdir(place, { recursive: true });
      await Deno.writeTextFile(`${place}/package.json`, '{ "version": "0.0.1" }');
    }
    await using method = await upscalerjsMethod(broken, "esrgan-slim");
    for (const image of ["a", "b"]) {
      const input = { low: textured(8, 8), scale: 4, seed: 0, set: "s", image };
      await expect(method.enlarge(input)).rejects.toThrow("Cannot find module '@tensorflow/tfjs'");
    }
  }));
