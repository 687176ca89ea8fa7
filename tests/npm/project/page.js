// Enlarges a photograph in a page; the test calls it.
import { encodeImage, load } from "@srzoo/core";

globalThis.enlarge = async (options) => {
  const upscaler = await load("srdiff", options);
  const abort = new AbortController();
  const onProgress = () => abort.abort(new Error("enough"));
  const aborted = upscaler.upscale("./small.png", { steps: 100, signal: abort.signal, onProgress });
  const said = await aborted.then(() => "not aborted", (error) => error.message);
  const { images } = await upscaler.upscale("./small.png", { seed: 7, steps: 1 });
  const png = await encodeImage(images[0], { format: "png" });
  await upscaler.close();
  return { said, provider: upscaler.provider, png: Array.from(png) };
};
