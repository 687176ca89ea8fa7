/** The figures of one result. @module */

import { againstTruth, capped } from "../cli/zoo/figures.ts";
import type { Image } from "../lib/image/image.ts";
import {
  diversity,
  errorCorrelation,
  gainOfMean,
  type Lpips,
  lrPsnr,
  niqe,
  type NiqeModel,
} from "../lib/metrics/mod.ts";
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
    ...truth && await againstTruth(result, truth, scale, metricGraphs.lpips),
    ...truth && metricGraphs.lpipsSqueeze &&
      { lpipsSqueeze: await metricGraphs.lpipsSqueeze.distance(result, truth) },
    lrPsnr: capped(lrPsnr(result, low)),
    ...naturalness(result, scale, metricGraphs),
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
