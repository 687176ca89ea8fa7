import type { OutputFormat } from "../../lib/image/files/format.ts";
import { encodeImage, type Image } from "../../mod.ts";

/** An image with a gradient and an edge, so that no two sizes look alike. */
export function picture(width: number, height: number, channels: Image["channels"] = 3): Image {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const gray = channels! <= 2;
    const red = (x * 37 + y * 11) % 256;
    const rest = gray ? [red, red] : [(y * 53) % 256, x > width / 2 ? 220 : 30];
    data.set([red, ...rest, channels! % 2 === 0 ? (x * 29) % 256 : 255], 4 * i);
  }
  return { width, height, data, channels };
}

/** Writes {@linkcode picture} to a file, in the format of its extension. */
export async function writePicture(
  path: string,
  width: number,
  height: number,
  channels: Image["channels"] = 3,
): Promise<void> {
  const extension = path.split(".").pop()!.toLowerCase();
  const format: OutputFormat = extension === "jpg" ? "jpeg" : extension === "webp" ? "webp" : "png";
  await Deno.writeFile(path, await encodeImage(picture(width, height, channels), { format }));
}

/** The result of a run of `cli/upscale.ts`. */
export interface Run {
  code: number;
  out: Uint8Array;
  text: string;
  errors: string;
}

/** Path of `cli/upscale.ts`. */
export const program = new URL("../../cli/upscale.ts", import.meta.url).pathname;

/** Runs `cli/upscale.ts` as a user does. */
export async function upscale(
  args: readonly string[],
  options: { cwd?: string; stdin?: Uint8Array; permissions?: string[] } = {},
): Promise<Run> {
  const { cwd, stdin, permissions = ["-A"] } = options;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", ...permissions, program, ...args],
    cwd,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  if (stdin) await writer.write(stdin);
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, out: stdout, text: decoder.decode(stdout), errors: decoder.decode(stderr) };
}
