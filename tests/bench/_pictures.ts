import { encodeImage, type Image } from "../../mod.ts";

export { withFolder } from "../_folder.ts";

/** A textured image; the seed shifts the texture. */
export function textured(width: number, height: number, seed = 0): Image {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) {
    const x = i % width + 3 * seed, y = Math.floor(i / width);
    for (let c = 0; c < 3; c++) data[4 * i + c] = 128 + 90 * Math.sin(x * x / 60 + y / (3 + c));
  }
  return { width, height, data, channels: 3 };
}

/** Writes an image as PNG and creates its folder. */
export async function writePng(path: string, image: Image): Promise<void> {
  await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
  await Deno.writeFile(path, await encodeImage(image, { format: "png" }));
}
