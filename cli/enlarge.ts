/** Enlarges one image, from its file to its results. @module */

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { encodeImage, type Image, type Plan, type Preview, readImage } from "../mod.ts";
import type { Upscaled } from "../mod.ts";
import { measureRate, memoryOf, type ResultSize, resultSize, workOf } from "./cost.ts";
import { checkSpace } from "./destinations.ts";
import type { PlanChoices } from "./events.ts";
import type { Input } from "./inputs.ts";
import { encoded, factsOf, writeResults } from "./results.ts";
import { contactSheet, stateCollector } from "./sheet.ts";
import { previewOf, type Target } from "./target.ts";
import { optionsOf, type Workshop } from "./workshop.ts";

/** An image and all choices about it. */
interface Job {
  target: Target;
  source: Image;
  /** What the sheet shows beside the result. */
  truth?: Image;
  plan: Plan;
  size: ResultSize;
}

/** Enlarges one image and writes its results; a dry run only reports what that would take. */
export async function enlargeFile(shop: Workshop, target: Target): Promise<void> {
  const { settings, upscaler, report } = shop;
  const job = await planned(shop, target);
  const { plan, size } = job;
  if (settings.dryRun) return;

  const start = performance.now();
  const { states, see } = stateCollector();
  const result = await followed(shop, job, see);
  const { outputs, notes } = await writeResults(shop, target, result, size);
  if (settings.sheet !== undefined) await writeSheet(shop, job, states, result);
  const took = (performance.now() - start) / 1000;
  shop.rate = took / workOf(plan);
  report({
    event: "done",
    file: target.input.path,
    outputs,
    ...size,
    scale: settings.scale ?? upscaler.card.scale,
    model: result.model,
    version: upscaler.card.version,
    provider: result.provider,
    precision: result.precision,
    ...factsOf(result),
    seconds: took,
    notes,
  });
}

/** Reads the image and makes the plan that is then executed; reports what it takes. */
async function planned(shop: Workshop, target: Target): Promise<Job> {
  const { settings, upscaler, report, signal } = shop;
  const file = target.input.path;
  const options = optionsOf(shop);
  let plan!: Plan;
  const source = await readImage(fileOf(target.input), {
    signal,
    memory: settings.memory,
    onSize: (imageSize) => void (plan = upscaler.plan(imageSize, options)),
  });
  const truth = settings.truth === undefined
    ? undefined
    : await readImage(fileOf({ path: settings.truth }), { signal, memory: settings.memory });
  const size = resultSize(plan, settings.scale);
  const memoryBytes = memoryOf(plan, size, target.format, settings.memory);
  await checkSpace(target, size.width * size.height);
  shop.rate ??= settings.quiet
    ? 0 // not shown
    : await measureRate(upscaler, source, target.format, options);
  report({
    event: "plan",
    file,
    outputs: target.paths,
    width: source.width,
    height: source.height,
    outputWidth: size.width,
    outputHeight: size.height,
    ...choicesOf(plan),
    ...settings.dryRun && { seed: settings.seed, dry: true },
    memoryBytes,
    seconds: shop.rate * workOf(plan),
  });
  return { target, source, truth, plan, size };
}

/** What a dry run reports besides the sizes. */
function choicesOf({ generative, regions, runs, ...plan }: Plan): PlanChoices {
  const drawn = { seed: plan.seed, sampler: plan.sampler, steps: plan.steps, graph: plan.graph };
  return {
    ...generative ? drawn : {},
    samples: plan.samples,
    regions: regions.rows.length * regions.columns.length,
    runs,
  };
}

/** Where an input is read from. A pipe may have no end, so it is read as a stream with a limit. */
function fileOf({ path }: Pick<Input, "path">): URL | Response {
  return path === "-" ? new Response(Deno.stdin.readable) : pathToFileURL(path);
}

/** Executes the plan, reports progress, and writes the image of each step if `--previews` asks for it. */
async function followed(
  shop: Workshop,
  { target, source, plan }: Job,
  see: (preview: Preview) => void,
): Promise<Upscaled> {
  const { upscaler, report, settings } = shop;
  const start = performance.now();
  const stream = upscaler.stream(source, {
    ...plan,
    onProgress: (progress) => {
      const spent = (performance.now() - start) / 1000;
      const secondsLeft = spent * (1 / progress.fraction - 1);
      report({ event: "progress", file: target.input.path, ...progress, secondsLeft });
    },
  });
  let next = await stream.next();
  for (; !next.done; next = await stream.next()) {
    const { sample, step } = next.value;
    if (settings.sheet !== undefined) see(next.value);
    if (settings.previews === undefined) continue;
    const path = previewOf(target.preview, { sample, samples: plan.samples, step });
    const bytes = await encoded(shop, target.format, next.value.image());
    await shop.writer.write(join(settings.previews, path), bytes);
  }
  return next.value;
}

/** Writes the contact sheet of the first sample, as PNG. */
async function writeSheet(
  { settings: { sheet }, signal, writer }: Workshop,
  { source, truth }: Job,
  states: readonly Image[],
  { images: [result] }: Upscaled,
): Promise<void> {
  const image = contactSheet({ source, states, result, truth });
  await writer.write(sheet!, await encodeImage(image, { format: "png", signal }));
}
