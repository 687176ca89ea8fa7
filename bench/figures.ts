/** The figures of one result. @module */

import type { Image } from "../lib/image/image.ts";
import {
  colorError,
  diversity,
  errorCorrelation,
  gainOfMean,
  type Lpips,
  lrPsnr,
  niqe,
  type NiqeModel,
  psnrRgb,
  psnrY,
  ssimY,
} from "../lib/metrics/mod.ts";
import { CEILING } from "./metrics.ts";
import type { Source } from "./protocols.ts";

/** Figures by name; those that could not be measured are absent. */
export type Figures = Record<string, number>;

/** The metric graphs that were found. */
export interface MetricGraphs {
  /** LPIPS with AlexNet. */
  readonly lpips?: Lpips;
  /** LPIPS with SqueezeNet. */
  readonly lpipsSqueeze?: Lpips;
  /** Parameters of NIQE. */
  readonly niqe?: NiqeModel;
}

/** Metric graphs that include LPIPS. */
export type WithLpips = MetricGraphs & Required<Pick<MetricGraphs, "lpips">>;

/** All figures of one result. */
export async function figuresOf(
  result: Image,
  { low, truth }: Source,
  scale: number,
  metricGraphs: MetricGraphs,
): Promise<Figures> {
  return {
    ...truth && await againstTruth(result, truth, scale, metricGraphs),
    lrPsnr: capped(lrPsnr(result, low)),
    ...naturalness(result, scale, metricGraphs),
  };
}

async function againstTruth(
  result: Image,
  truth: Image,
  border: number,
  metricGraphs: MetricGraphs,
): Promise<Figures> {
  return {
    psnrY: capped(psnrY(result, truth, { border })),
    ssimY: ssimY(result, truth, { border }),
    psnrRgb: capped(psnrRgb(result, truth, { border })),
    ...metricGraphs.lpips && { lpips: await metricGraphs.lpips.distance(result, truth) },
    ...metricGraphs.lpipsSqueeze &&
      { lpipsSqueeze: await metricGraphs.lpipsSqueeze.distance(result, truth) },
    colorError: colorError(result, truth),
  };
}

/** NIQE, if the image is large enough. */
function naturalness(result: Image, border: number, metricGraphs: MetricGraphs): Figures {
  const found = metricGraphs.niqe ? niqe(result, metricGraphs.niqe, border) : NaN;
  return Number.isFinite(found) ? { niqe: found } : {};
}

/** Keys of the graphs whose figures every image has: small images have no NIQE, and some have no truth. */
export function always(metricGraphs: MetricGraphs, hasTruth: boolean): string[] {
  return Object.keys(metricGraphs).filter((key) => hasTruth && key !== "niqe");
}

/** Figures of several samples of one image together. */
export function figuresOfSamples(samples: readonly Image[], { truth }: Source): Figures {
  if (!truth) return { diversity: diversity(samples) };
  const correlation = errorCorrelation(samples, truth);
  return {
    diversity: diversity(samples),
    gainOfMean: gainOfMean(samples, truth),
    ...Number.isFinite(correlation) && { errorCorrelation: correlation },
  };
}

function capped(decibels: number): number {
  return Math.min(CEILING, decibels);
}
