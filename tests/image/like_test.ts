import { expect } from "expect";
import { chromium } from "playwright-core";
import { DecodeError, UnsupportedError } from "../../lib/errors.ts";
import { encodeImage, toBlob } from "../../lib/image/files/encode.ts";
import { readImage } from "../../lib/image/files/read.ts";
import { resizeImage } from "../../lib/image/resize.ts";
import { load } from "../../lib/load.ts";
import { bytesOf, type ImageLike } from "../../lib/image/files/source.ts";
import { browserPath } from "../_browser.ts";
import { gradient } from "../contracts/codec.ts";

const image = gradient(9, 7, 3);
const bytes = await encodeImage(image, { format: "png" }) as Uint8Array<ArrayBuffer>;

Deno.test("readImage() takes buffers, views, responses and blobs", async () => {
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  const wide = new Uint8Array([1, 2, ...bytes, 3]);
  const sources: ImageLike[] = [
    bytes.buffer,
    shared,
    new DataView(wide.buffer, 2, bytes.length),
    new Response(bytes),
    await toBlob(image, { format: "png" }),
    new File([bytes], "a.jpg"),
    `data:image/png;base64,${btoa(String.fromCharCode(...bytes))}`,
  ];
  for (const source of sources) expect((await readImage(source)).data).toEqual(image.data);
});

Deno.test("readImage() says what it accepts when it is given something else", async () => {
  for (const source of [{}, null, 7, undefined, []]) {
    await expect(readImage(source as unknown as ImageLike)).rejects
      .toThrow(/^Cannot read an image from (object|null|number|undefined|array): give bytes/);
  }
  await expect(readImage({ width: 4, height: 4 })).rejects.toThrow("only a browser has a canvas");
  await expect(readImage({ width: 0, height: 4 })).rejects.toThrow("wait until it has loaded");
  await expect(readImage(new Response("no", { status: 404 }))).rejects.toThrow("answered 404");
  await expect(readImage(new ArrayBuffer(0))).rejects.toThrow(DecodeError);
});

Deno.test("readImage() reads no more than the memory holds, even from an endless stream", async () => {
  const memory = 1e6;
  const file = await Deno.makeTempFile();
  await Deno.truncate(file, 2e6);
  const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => controller.enqueue(new Uint8Array(2 ** 16)),
  });
  const sources = [file, new Response(endless)];
  if (Deno.build.os === "linux") sources.push("/dev/zero");
  for (const source of sources) {
    const read = readImage(source, { memory });
    await expect(read).rejects.toThrow(UnsupportedError);
    await expect(read).rejects.toThrow("it is larger than 0.333 MB");
  }
  await Deno.remove(file);
});

Deno.test("readImage(), encodeImage(), resizeImage() and upscale() take an ImageData, whose properties are getters", async () => {
  const given = new ImageData(image.data.slice(), image.width, image.height);
  const opaque = { ...image, channels: undefined };
  expect(await readImage(given)).toEqual(opaque);
  for (const format of ["png", "jpeg", "webp"] as const) {
    expect(await encodeImage(given, { format })).toEqual(await encodeImage(opaque, { format }));
  }
  const how = { width: 5, height: 3 };
  expect(resizeImage(given, how)).toEqual(resizeImage(opaque, how));
  await using upscaler = await load("bicubic");
  expect(await upscaler.upscale(given)).toEqual(await upscaler.upscale(opaque));
});

/** The globals of the page. */
interface Scope {
  readImage: typeof readImage;
  encodeImage: typeof encodeImage;
  toImageData: typeof import("../../lib/image/files/canvas.ts").toImageData;
}

Deno.test({
  name: `readImage() takes every kind of image in a page${browserPath ? "" : " (needs a browser)"}`,
  ignore: !browserPath,
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const folder = await Deno.makeTempDir();
    const entry = new URL("../../lib/image/files/", import.meta.url).href;
    await Deno.writeTextFile(
      `${folder}/entry.ts`,
      `import { readImage } from "${entry}read.ts"; import { encodeImage } from "${entry}encode.ts";` +
        `import { toImageData } from "${entry}canvas.ts";` +
        `Object.assign(globalThis, { readImage, encodeImage, toImageData });`,
    );
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["bundle", "--quiet", "--config", config, "--platform", "browser"],
        ...["-o", `${folder}/bundle.js`, `${folder}/entry.ts`],
      ],
    }).output();
    expect([success, success ? "" : new TextDecoder().decode(stderr)]).toEqual([true, ""]);
    const script = await Deno.readTextFile(`${folder}/bundle.js`);
    const server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      (request) =>
        request.url.endsWith(".png")
          ? new Response(bytes)
          : new Response("<!doctype html>", { headers: { "content-type": "text/html" } }),
    );
    const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
    try {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${server.addr.port}/`);
      await page.addScriptTag({ content: script, type: "module" });
      const found = await page.evaluate(async () => {
        const { readImage, encodeImage, toImageData } = globalThis as unknown as Scope;
        const element = new Image();
        element.src = "/a.png";
        await element.decode();
        const canvas = Object.assign(document.createElement("canvas"), { width: 9, height: 7 });
        const context = canvas.getContext("2d")!;
        context.drawImage(element, 0, 0);
        const offscreen = new OffscreenCanvas(9, 7);
        offscreen.getContext("2d")!.drawImage(element, 0, 0);
        const blob = await (await fetch("/a.png")).blob();
        const sources: Record<string, ImageLike> = {
          element,
          canvas,
          offscreen,
          blob,
          bitmap: await createImageBitmap(blob),
          imageData: context.getImageData(0, 0, 9, 7),
          response: await fetch("/a.png"),
          buffer: await blob.arrayBuffer(),
          path: "/a.png",
          url: new URL("/a.png", location.href),
        };
        const results: Record<string, number[]> = {};
        for (const [name, source] of Object.entries(sources)) {
          results[name] = [...(await readImage(source)).data];
        }
        const image = await readImage(blob);
        context.clearRect(0, 0, 9, 7);
        context.putImageData(toImageData(image), 0, 0);
        results.shown = [...context.getImageData(0, 0, 9, 7).data];
        for (const format of ["png", "jpeg"] as const) {
          const read = await readImage(await encodeImage(image, { format }));
          results[format] = format === "jpeg" ? [read.width, read.height] : [...read.data];
        }
        return results;
      });
      const { jpeg, ...exact } = found;
      expect(jpeg).toEqual([9, 7]);
      expect(Object.keys(exact).length).toBe(12);
      for (const [name, data] of Object.entries(exact)) {
        expect([name, data]).toEqual([name, [...image.data]]);
      }
    } finally {
      await browser.close();
      await server.shutdown();
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("bytesOf() gives up on a silent server and when its signal aborts, before or during the answer", async () => {
  const closing = new AbortController();
  const options = { hostname: "127.0.0.1", port: 0, onListen() {}, signal: closing.signal };
  const server = Deno.serve(options, (request) => {
    if (request.url.endsWith("/never")) return new Promise<Response>(() => {});
    const start = new ReadableStream({ start: (body) => body.enqueue(new Uint8Array(10)) });
    return new Response(start);
  });
  const base = `http://127.0.0.1:${server.addr.port}`;
  for (const path of ["never", "stalls"]) {
    await expect(bytesOf(`${base}/${path}`, { limit: 1e6, silence: 200 }))
      .rejects.toThrow(/^Cannot fetch http.*: the server did not answer for 0.2 s/);
    const reason = new Error("enough");
    const abort = new AbortController();
    const reading = bytesOf(`${base}/${path}`, { limit: 1e6, signal: abort.signal });
    setTimeout(() => abort.abort(reason), 100);
    await expect(reading).rejects.toBe(reason);
  }
  closing.abort();
  await server.finished;
});

Deno.test("bytesOf() refuses a source with more bytes than the limit", async () => {
  await expect(bytesOf(new Blob([new Uint8Array(1000)]), { limit: 999 }))
    .rejects.toThrow(UnsupportedError);
  const odd = { arrayBuffer: () => Promise.resolve(new ArrayBuffer(1000)) };
  await expect(bytesOf(odd, { limit: 999 })).rejects.toThrow(UnsupportedError);
  expect((await bytesOf(odd, { limit: 1000 })).length).toBe(1000);
});

Deno.test({
  name: "readImage() stops waiting for a pipe that nobody writes to when its signal aborts",
  ignore: Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir();
    const pipe = `${folder}/pipe.png`;
    await new Deno.Command("mkfifo", { args: [pipe] }).output();
    const abort = new AbortController();
    const reading = readImage(pipe, { signal: abort.signal });
    setTimeout(() => abort.abort(new Error("enough")), 50);
    await expect(reading).rejects.toThrow("enough");
    // A read that still waits ends with this; one that has already ended breaks the pipe.
    await Deno.writeFile(pipe, new Uint8Array(4)).catch(() => {});
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test("encodeImage() refuses an image whose number of bytes does not match its size", async () => {
  const data = new Uint8ClampedArray(12);
  const image = { width: 2, height: 2, data };
  for (const format of ["png", "jpeg", "webp"] as const) {
    await expect(encodeImage(image, { format })).rejects.toThrow("2x2 with 12 bytes");
  }
});

Deno.test("readImage() names a file or an address that it cannot read, and says why", async () => {
  const folder = await Deno.makeTempDir();
  const gone = `${folder}/gone ä.png`;
  const server = Deno.serve({ port: 0, onListen() {} }, () => new Response());
  await server.shutdown(); // its port is free again
  const faults: [ImageLike, string][] = [
    [gone, `Cannot read ${gone}: there is no such file`],
    [new URL(`file://${gone}`), `Cannot read ${gone}: there is no such file`],
    [`${gone}/a.png`, "there is no such file"],
    [folder, `Cannot read ${folder}: it is a folder`],
    [
      `http://127.0.0.1:${server.addr.port}/a.png`,
      `Cannot fetch http://127.0.0.1:${server.addr.port}/a.png: `,
    ],
  ];
  for (const [source, why] of faults) await expect(readImage(source)).rejects.toThrow(why);
  await expect(readImage(gone)).rejects.toMatchObject({ code: "ENOENT" });
  await Deno.remove(folder);
});
