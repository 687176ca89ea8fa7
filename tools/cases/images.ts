/** Images that once lost content or metadata, and hostile images. @module */

import { type Image, readImage } from "../../mod.ts";
import { type Case, type Place, want } from "./case.ts";
import { deno, lineOf, type Ran } from "./process.ts";

/** The notes in the "done" events of a run with `--json`. */
function notesOf({ text }: Ran): string {
  const events = text.trim().split("\n").filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
  return events.flatMap(({ event, notes }) => event === "done" ? notes : []).join("; ");
}

/** Enlarges one file of the cases and reads the result. */
async function enlarged(
  place: Place,
  name: string,
  args: readonly string[],
): Promise<{ ran: Ran; image: Image; bytes: Uint8Array }> {
  const extension = name.slice(name.lastIndexOf("."));
  const output = `${place.work}/result${extension}`;
  const input = `${place.cases}/${name}`;
  const ran = await deno(place.root, ["cli/upscale.ts", "--json", ...args, input, "-o", output]);
  want(ran.code === 0, lineOf(ran));
  const bytes = await Deno.readFile(output);
  return { ran, image: await readImage(bytes), bytes };
}

const srdiff = ["--model", "srdiff", "--seed", "0"];
const bicubic = ["--model", "bicubic"];

/** RMS difference from a flat colour, in the outermost ring of input pixels and from 8 input pixels inwards. */
function ringAndMiddle({ width, height, data }: Image, color: readonly number[], scale: number) {
  const sums = { ring: [0, 0], middle: [0, 0] };
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const distance = Math.floor(Math.min(x, y, width - 1 - x, height - 1 - y) / scale);
    const part = distance === 0 ? sums.ring : distance >= 8 ? sums.middle : undefined;
    if (!part) continue;
    part[0] += color.reduce((sum, value, c) => sum + (data[4 * i + c] - value) ** 2, 0);
    part[1] += color.length;
  }
  const rms = ([sum, count]: number[]) => Math.sqrt(sum / count);
  return { ring: rms(sums.ring), middle: rms(sums.middle) };
}

function flat(name: string, color: readonly number[]): Case {
  return {
    id: name,
    wants: "border no worse than the middle; white stays white",
    needs: [name],
    async run(place) {
      const { image } = await enlarged(place, name, srdiff);
      const { ring, middle } = ringAndMiddle(image, color, 4);
      want(
        ring <= Math.max(1.5 * middle, 1),
        `ring ${ring.toFixed(2)}, middle ${middle.toFixed(2)}`,
      );
      const changed = image.data.filter((value, i) => value !== (i % 4 === 3 ? 255 : color[i % 4]));
      const share = changed.length / (image.data.length * 3 / 4);
      want(
        color.some((value) => value < 255) || share < 0.05,
        `${Math.round(100 * share)} % is not white`,
      );
      return `ring ${ring.toFixed(2)}, middle ${middle.toFixed(2)}`;
    },
  };
}

/** Metadata that must be kept, converted with the pixels, or named in a note. */
function meaning(name: string, kept: RegExp, note: RegExp, extra: readonly string[] = []): Case {
  return {
    id: name,
    wants: "kept, converted, or a note",
    needs: [name],
    async run(place) {
      const { ran, bytes } = await enlarged(place, name, [...bicubic, ...extra]);
      const isKept = kept.test(new TextDecoder("latin1").decode(bytes));
      const notes = notesOf(ran);
      want(isKept || note.test(notes), "lost without a note");
      return isKept ? "kept" : notes;
    },
  };
}

/** An image whose header states far more pixels than its file holds. */
function bomb(file: string, megabytes: number): Case {
  return {
    id: `F04 ${file}`,
    wants: "refused before decoding",
    needs: [`attacks/images/${file}`],
    async run({ cases, work, root }) {
      const args = ["cli/upscale.ts", "--memory", "500MB", ...bicubic, "-o", `${work}/x.png`];
      const limits = { seconds: 30, megabytes: 1500 };
      const ran = await deno(root, [...args, `${cases}/attacks/images/${file}`], limits);
      want(ran.code === 1, `exit code ${ran.code}`);
      want(ran.megabytes < megabytes, `took ${Math.round(ran.megabytes)} MB`);
      return `${Math.round(ran.megabytes)} MB; ${lineOf(ran).replace(/.*\.\w+: /, "")}`;
    },
  };
}

function consistent(name: string): Case {
  return {
    id: name,
    wants: "--consistency reaches 50 dB, or says what it reached",
    needs: [name],
    async run(place) {
      const { ran } = await enlarged(place, name, [...srdiff, "--consistency"]);
      const notes = notesOf(ran);
      want(/\bdB\b/.test(notes), "says nothing");
      return notes;
    },
  };
}

/** The cases of images. */
export const imageCases: readonly Case[] = [
  flat("flat-white.png", [255, 255, 255]),
  flat("flat-gray128.png", [128, 128, 128]),
  meaning("gama-linear.png", /gAMA/, /gAMA|gamma/i),
  meaning("cicp-p3.png", /cICP/, /cICP|Display P3/i),
  meaning("gray-icc-gamma1.8.jpg", /ICC_PROFILE/, /profile/i),
  meaning("exif-kept.jpg", /Exif\0\0/, /EXIF/),
  meaning("phys-300dpi.png", /pHYs/, /dpi|pHYs/),
  {
    id: "rgb-ids-nomarker.jpg",
    wants: "read as RGB, or refused",
    needs: ["rgb-ids-nomarker.jpg"],
    async run({ cases, work, root }) {
      const input = `${cases}/rgb-ids-nomarker.jpg`;
      const ran = await deno(root, ["cli/upscale.ts", ...bicubic, input, "-o", `${work}/x.png`]);
      if (ran.code === 1) return lineOf(ran);
      const bytes = await Deno.readFile(input);
      const [plain, marked] = [await readImage(bytes), await readImage(markedAsRgb(bytes))];
      const differ = plain.data.filter((value, i) => value !== marked.data[i]).length;
      want(differ === 0, `${differ} values differ from those of the same file with a marker`);
      return "the same as with a marker that says RGB";
    },
  },
  {
    id: "o6-long-be.jpg",
    wants: "turned",
    needs: ["o6-long-be.jpg"],
    async run(place) {
      const bytes = await Deno.readFile(`${place.cases}/o6-long-be.jpg`);
      const { image } = await enlarged(place, "o6-long-be.jpg", bicubic);
      const stored = storedSize(bytes);
      want(image.width === 4 * stored.height, `${image.width}x${image.height}`);
      return `${stored.width}x${stored.height} -> ${image.width}x${image.height}`;
    },
  },
  {
    id: "gray-as-rgb.png",
    wants: "three equal channels",
    needs: ["gray-as-rgb.png"],
    async run(place) {
      const { image: { data } } = await enlarged(place, "gray-as-rgb.png", srdiff);
      let spread = 0;
      for (let i = 0; i < data.length; i += 4) {
        const color = data.subarray(i, i + 3);
        spread = Math.max(spread, Math.max(...color) - Math.min(...color));
      }
      want(spread === 0, `channels differ by up to ${spread}`);
      return "equal";
    },
  },
  consistent("screenshot.png"),
  consistent("halftone.png"),
  {
    id: "texture-hidden-rgb.png",
    wants: "RGB under alpha 0 survives with an option",
    needs: ["texture-hidden-rgb.png"],
    async run(place) {
      const source = await readImage(await Deno.readFile(`${place.cases}/texture-hidden-rgb.png`));
      const { image } = await enlarged(place, "texture-hidden-rgb.png", [
        ...bicubic,
        "--keep-hidden",
      ]);
      let [error, count] = [0, 0];
      for (let i = 0; i < source.width * source.height; i++) {
        if (source.data[4 * i + 3] !== 0) continue;
        const [x, y] = [i % source.width, Math.floor(i / source.width)];
        const at = 4 * ((4 * y + 2) * image.width + 4 * x + 2);
        for (let c = 0; c < 3; c++) error += Math.abs(image.data[at + c] - source.data[4 * i + c]);
        count += 3;
      }
      want(count > 0 && error / count < 20, `mean error ${(error / count).toFixed(1)}`);
      return `mean error ${(error / count).toFixed(1)} (nearest pixel against bicubic)`;
    },
  },
  bomb("jpg-65500x4096.jpg", 450),
  bomb("sof-1024.jpg", 450),
  bomb("jpg-prog-2000scans-4096.jpg", 450),
  bomb("jpg-prog-20000scans-512.jpg", 450),
  bomb("png-16384-1bit.png", 450),
  bomb("webp-16383-lossless.webp", 450),
  {
    id: "F16 cut-base.jpg",
    wants: "a note or an error",
    needs: ["attacks/images/cut-base.jpg"],
    async run({ cases, work, root }) {
      const input = `${cases}/attacks/images/cut-base.jpg`;
      const args = ["cli/upscale.ts", "--json", ...bicubic, input, "-o", `${work}/x.jpg`];
      const ran = await deno(root, args);
      want(ran.code === 1 || notesOf(ran) !== "", "accepted without a note");
      return ran.code === 1
        ? JSON.parse(ran.text.trim().split("\n").find((line) => line.includes('"error"'))!).message
        : notesOf(ran);
    },
  },
];

/** The same JPEG file with an Adobe marker which says that its components are RGB. */
function markedAsRgb(bytes: Uint8Array): Uint8Array {
  const marker = [0xff, 0xee, 0, 14, ...new TextEncoder().encode("Adobe"), 0, 100, 0, 0, 0, 0, 0];
  return Uint8Array.of(...bytes.subarray(0, 2), ...marker, ...bytes.subarray(2));
}

/** Width and height in the frame header of a JPEG file. */
function storedSize(bytes: Uint8Array): { width: number; height: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = 2; at < bytes.length;) {
    const marker = view.getUint16(at);
    if (marker === 0xffc0 || marker === 0xffc2) {
      return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    }
    at += 2 + view.getUint16(at + 2);
  }
  throw new Error("Cannot find the frame header");
}
