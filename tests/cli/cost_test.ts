import { expect } from "expect";
import { measurePace, paceAfter, secondsLeft, secondsOf } from "../../cli/cost.ts";
import { enlarge } from "../../lib/enlarge.ts";
import { toImage } from "../../lib/image/pixels.ts";
import { regression } from "../../lib/models/regression.ts";
import { planUpscale } from "../../lib/plan.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { drain } from "../../lib/upscaler.ts";
import type { Image, Plan, Size, UpscaleOptions, Upscaler } from "../../mod.ts";
import { type NetworkFunction, openFunctions, testPicture } from "../contracts/family.ts";

/** The fields of a card that the work needs. */
const card = { scale: 2, tiling: { size: 64, overlap: 4, multiple: 2, blended: false } };

/** Sides of the image, and the milliseconds that the first call, each call and each pixel add. */
interface Times {
  sides: [height: number, width: number];
  first: number;
  call: number;
  pixel: number;
}

/** An upscaler whose network only waits. */
async function upscalerOf({ first, call, pixel }: Times): Promise<Upscaler> {
  let extra = first;
  const network: NetworkFunction = async ({ lr }) => {
    const [, , height, width] = lr.dims;
    const wait = extra + call + pixel * height * width;
    extra = 0;
    await new Promise((done) => setTimeout(done, wait));
    return { sr: tensor([1, 3, 2 * height, 2 * width]) };
  };
  const engine = await openFunctions(regression, card, { network });
  return {
    plan: (size: Size, options?: UpscaleOptions) =>
      planUpscale(engine.card, engine.model, size, options),
    upscale: async (source: Image, plan: Plan) => ({
      images: await drain(enlarge(engine, source, plan)),
    }),
  } as unknown as Upscaler;
}

const cases: Record<string, Times> = {
  "whose first call is slow": { sides: [150, 200], first: 2500, call: 20, pixel: 0.05 },
  "whose calls take long whatever their size": {
    sides: [150, 200],
    first: 0,
    call: 200,
    pixel: 0.1,
  },
  "whose time hardly depends on the size": { sides: [150, 200], first: 0, call: 150, pixel: 0.004 },
  "that takes longer for a piece than is allowed": {
    sides: [60, 70],
    first: 0,
    call: 20,
    pixel: 1.2,
  },
};

/** The factor by which the estimated time of an image is too long or too short. */
async function missOf(times: Times): Promise<number> {
  const source = toImage(testPicture(...times.sides));
  const upscaler = await upscalerOf(times);
  const pace = await measurePace(upscaler, source, "png", {});
  const plan = upscaler.plan(source);
  const start = performance.now();
  await upscaler.upscale(source, plan);
  const ratio = secondsOf(pace, plan) / ((performance.now() - start) / 1000);
  return Math.max(ratio, 1 / ratio);
}

for (const [what, times] of Object.entries(cases)) {
  Deno.test(`measurePace() predicts the time of an image within a factor of 1.5 for a network ${what}`, async () => {
    let miss = Infinity;
    // The load of the machine may change during a try.
    for (let tries = 0; tries < 3 && miss >= 1.5; tries++) miss = await missOf(times);
    expect(miss).toBeLessThan(1.5);
  });
}

Deno.test("paceAfter() learns the pace from an image, which secondsOf() and secondsLeft() follow", () => {
  const planOf = (side: number) => ({ seen: side * side }) as Plan;
  const took = { all: 0.5, writing: 0.2 };
  const pace = paceAfter({ fixed: 0.1, unit: 1, writing: 0 }, took, planOf(20));
  expect(secondsOf(pace, planOf(20))).toBeCloseTo(0.5);
  expect(secondsOf(pace, planOf(40))).toBeCloseTo(0.1 + 4 * 0.4);
  // The image took less than the part that was thought to be fixed.
  const short = paceAfter({ fixed: 0.8, unit: 1, writing: 0 }, took, planOf(20));
  expect(secondsOf(short, planOf(20))).toBeCloseTo(0.5);
  // Half of it is done, in 0.15 s; writing comes last.
  expect(secondsLeft(pace, planOf(20), { fraction: 0.5, spent: 0.15 })).toBeCloseTo(0.15 + 0.2);
});

Deno.test("measurePace() tries less than a quarter of a small image", async () => {
  const upscaler = await upscalerOf({ sides: [240, 320], first: 0, call: 60, pixel: 0 });
  let tried = 0;
  const counting = {
    ...upscaler,
    upscale: (piece: Image, plan: Plan) => {
      tried += piece.width * piece.height;
      return upscaler.upscale(piece, plan);
    },
  } as Upscaler;
  const pace = await measurePace(counting, toImage(testPicture(240, 320)), "png", {});
  expect(tried).toBeGreaterThan(0);
  expect(tried).toBeLessThan(240 * 320 / 4);
  expect(pace.writing).toBeGreaterThan(0);
});
