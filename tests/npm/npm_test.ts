import { expect } from "expect";
import { type Browser, chromium } from "playwright-core";
import { encodeImage, type Image, readImage, resizeImage } from "../../mod.ts";
import { serveFolder } from "../../tools/served.ts";
import { browserPath } from "../_browser.ts";
import { apart } from "../_tiny.ts";
import { hasNpm, installProject, type Project, run } from "./_project.ts";

const root = new URL("../../", import.meta.url);

/** Makes a small photograph and enlarges it with the command line; returns the result. */
async function makePictures(folder: string): Promise<Image> {
  const photograph = await readImage(new URL("docs/coffee.png", root));
  const small = resizeImage(photograph, { width: 24, height: 16 });
  await Deno.writeFile(`${folder}small.png`, await encodeImage(small, { format: "png" }));
  await run("rm", ["-f", `${folder}cli.png`]);
  const upscale = ["run", "-A", "cli/upscale.ts", "--quiet"];
  const how = ["--model", "srdiff", "--seed", "7", "--steps", "1"];
  const places = [`${folder}small.png`, "-o", `${folder}cli.png`];
  const { code, stderr } = await run(
    Deno.execPath(),
    [...upscale, ...how, ...places],
    root.pathname,
  );
  expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
  return await readImage(`${folder}cli.png`);
}

/** Runs the program of a server and checks what it printed and wrote. */
async function checkServer(program: string, { folder }: Project, truth: Image): Promise<void> {
  const name = `${folder}out`;
  const { code, stdout, stderr } = await run(program, ["server.mjs", "small.png", name]);
  expect([code, stdout, code === 0 ? "" : stderr]).toEqual([
    0,
    "enough\ntrue\ntrue\nclosed\nnative\n",
    "",
  ]);
  expect(apart(await readImage(`${name}.png`), truth)).toBeLessThanOrEqual(1);
  for (const format of ["jpeg", "webp"]) {
    expect((await readImage(`${name}.${format}`)).width).toBe(truth.width);
  }
}

/** Serves a folder and enlarges in its page; returns the image. */
async function visit(browser: Browser, folder: string, options: object): Promise<Image> {
  await using served = serveFolder(folder);
  return await visitAt(browser, served.url, options, true);
}

/** Enlarges in a page, which must be isolated or not; returns the image. */
async function visitAt(
  browser: Browser,
  url: string,
  options: object,
  isolated: boolean,
): Promise<Image> {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(error.message));
  try {
    await page.goto(url);
    // A server that bundles on demand may reload the page afterwards.
    await page.waitForFunction(() => "enlarge" in globalThis);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(isolated);
    const { said, provider, png } = await page.evaluate(
      (options) =>
        (globalThis as unknown as {
          enlarge(options: object): Promise<{ said: string; provider: string; png: number[] }>;
        }).enlarge(options),
      options,
    );
    expect([said, provider, errors]).toEqual(["enough", "wasm", []]);
    return await readImage(Uint8Array.from(png));
  } finally {
    await page.close();
  }
}

/** Serves a folder with Vite's development server, which does not bundle modules. */
async function serveByVite(
  { node, folder }: Project,
  config: string,
): Promise<{ url: string; end(): Promise<void> }> {
  const where = ["--config", `vite/${config}`, "--host", "127.0.0.1", "--port", "0"];
  const child = new Deno.Command(node, {
    args: ["node_modules/vite/bin/vite.js", "dev", "vite", ...where],
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let told = "";
  const url = Promise.withResolvers<string>();
  const reading = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      told += text;
      const [found] = told.match(/http:\/\/127\.0\.0\.1:\d+\//) ?? [];
      if (found) url.resolve(found);
    }
    url.reject(new Error(`Vite's server did not start: ${told}`));
  })();
  const end = async () => {
    child.kill();
    await Promise.all([reading, child.status]);
  };
  return { url: await url.promise, end };
}

/** Copies what a page fetches beside its bundle, for bundlers that do not do so. */
async function layBeside(site: string): Promise<void> {
  await run("mkdir", ["-p", `${site}ort`]);
  await run("cp", ["-r", "node_modules/@srzoo/core/zoo", "small.png", "index.html", site]);
  const runtime = "node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded";
  await run("cp", [`${runtime}.mjs`, `${runtime}.wasm`, `${site}ort`]);
}

/** Where a page finds the files that a bundler did not follow. */
const places = { worker: "/worker.js", wasmPaths: "/ort/", zoo: "/zoo/", provider: "wasm" };

const npm = await hasNpm();

Deno.test({
  name: `the package for npm works where it is installed${npm ? "" : " (needs npm)"}`,
  ignore: !npm,
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    const project = await installProject();
    const { folder, node, bun } = project;
    const truth = await makePictures(folder);
    const tool = (path: string, args: string[]) => run(node, [`node_modules/${path}`, ...args]);

    await t.step("it contains no TypeScript and no using declarations", async () => {
      const place = `${folder}node_modules/@srzoo/core`;
      const { stdout } = await run("find", [place, "-name", "*.ts", "-not", "-name", "*.d.ts"]);
      expect(stdout).toBe("");
      const found = await run("grep", ["-rnE", "^ *(await )?using ", place, "--include=*.js"]);
      expect(found.stdout.split("\n").filter((line) => !/:\s*\*/.test(line) && line)).toEqual([]);
    });

    await t.step("its types work in a plain TypeScript project", async () => {
      for (const [module, resolution] of [["nodenext", "nodenext"], ["esnext", "bundler"]]) {
        const how = ["--noEmit", "--strict", "--target", "es2022", "--lib", "es2022"];
        const modules = ["--module", module, "--moduleResolution", resolution];
        const { stdout } = await tool("typescript/bin/tsc", [...how, ...modules, "types.ts"]);
        expect(stdout).toBe("");
      }
    });

    await t.step("Node gives the command line's image, survives an abort, and ends", async () => {
      await checkServer(node, project, truth);
    });

    await t.step({
      name: `Bun gives the command line's image, and survives an abort${bun ? "" : " (needs Bun)"}`,
      ignore: !bun,
      fn: () => checkServer(bun!, project, truth),
    });

    const browser = browserPath &&
      await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
    const needs = browser ? "" : " (needs a browser)";

    await t.step({
      name: `Vite builds a page that gives the command line's image${needs}`,
      ignore: !browser,
      async fn() {
        const site = `${folder}vite/public`;
        await run("rm", ["-rf", site]);
        await run("mkdir", [site]);
        await run("cp", ["index.html", "vite"]);
        await run("cp", ["-r", "node_modules/@srzoo/core/zoo", "small.png", site]);
        const { code, stderr } = await tool("vite/bin/vite.js", ["build", "vite"]);
        expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
        for (const options of [{}, { worker: true }]) {
          const image = await visit(browser as Browser, `${folder}vite/dist`, options);
          expect(apart(image, truth)).toBeLessThanOrEqual(1);
        }
      },
    });

    await t.step({
      name: `esbuild builds a page that gives the command line's image${needs}`,
      ignore: !browser,
      async fn() {
        const site = `${folder}esbuild/`;
        const how = [
          "--bundle",
          "--format=esm",
          "--minify",
          "--log-level=warning",
          "--metafile=meta.json",
        ];
        const lib = "node_modules/@srzoo/core/lib/";
        const bundles = [
          ["page.js", "main.js"],
          [`${lib}web_worker.js`, "worker.js"],
          [`${lib}library_worker.js`, "library.js"],
        ];
        for (const [from, to] of bundles) {
          const { code, stderr } = await run(
            `${folder}node_modules/.bin/esbuild`,
            [from, ...how, `--outfile=${site}${to}`, "--allow-overwrite"],
          );
          expect([code, stderr]).toEqual([0, ""]);
          const { inputs } = JSON.parse(await Deno.readTextFile(`${folder}meta.json`));
          const native = /node_modules\/(onnxruntime-node|imagescript)\/|^node:/;
          expect(Object.keys(inputs).filter((path) => native.test(path))).toEqual([]);
        }
        await layBeside(site);
        for (const options of [places, { ...places, worker: { library: "/library.js" } }]) {
          const image = await visit(browser as Browser, site, options);
          expect(apart(image, truth)).toBeLessThanOrEqual(1);
        }
      },
    });

    const servers = [
      { config: "vite.config.js", isolated: false, ways: [{}] },
      { config: "isolated.config.js", isolated: true, ways: [{}, { worker: true }] },
    ];
    for (const { config, isolated, ways } of servers) {
      const kind = isolated ? "an isolated page" : "a page";
      await t.step({
        name: `Vite's development server gives ${kind} the same image${needs}`,
        ignore: !browser,
        async fn() {
          const { url, end } = await serveByVite(project, config);
          try {
            for (const options of ways) {
              const image = await visitAt(browser as Browser, url, options, isolated);
              expect(apart(image, truth)).toBeLessThanOrEqual(1);
            }
          } finally {
            await end();
          }
        },
      });
    }

    await t.step({
      name: `Rollup builds a page that gives the command line's image${needs}`,
      ignore: !browser,
      async fn() {
        const { code, stderr } = await tool("rollup/dist/bin/rollup", [
          "--config",
          "rollup/rollup.config.cjs",
          "--silent",
        ]);
        expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
        await layBeside(`${folder}rollup/`);
        for (const options of [places, { ...places, worker: { library: "/library.js" } }]) {
          const image = await visit(browser as Browser, `${folder}rollup`, options);
          expect(apart(image, truth)).toBeLessThanOrEqual(1);
        }
      },
    });

    await t.step({
      name: `webpack builds a page, without a warning, that gives the command line's image${needs}`,
      ignore: !browser,
      async fn() {
        await run("rm", ["-rf", `${folder}webpack/dist`]);
        const { code, stderr } = await run(node, ["webpack/webpack.cjs"]);
        expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
        await layBeside(`${folder}webpack/dist/`);
        for (const options of [{ zoo: "/zoo/" }, { zoo: "/zoo/", worker: true }]) {
          const image = await visit(browser as Browser, `${folder}webpack/dist`, options);
          expect(apart(image, truth)).toBeLessThanOrEqual(1);
        }
      },
    });

    if (browser) await browser.close();
  },
});
