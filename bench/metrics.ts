/** The metrics of the bench: their names in tables, units and conventions. @module */

import { CEILING } from "../cli/zoo/figures.ts";

/** A figure's name in tables, its unit, and how it was measured. */
export interface Metric {
  /** Key of {@linkcode Figures}. */
  readonly key: string;
  /** Head of its column. */
  readonly title: string;
  /** Digits after the point. */
  readonly digits: number;
  /** Whether larger or smaller values are better; absent if neither. */
  readonly better?: "larger" | "smaller";
  /** The convention that it follows. */
  readonly convention: string;
}

/** All metrics, in the order of the columns. */
export const metrics: readonly Metric[] = [
  {
    key: "psnrY",
    title: "PSNR-Y dB",
    digits: 2,
    better: "larger",
    convention: "BT.601 luma 16 to 235, rounded, without a border of scale pixels, peak 255; " +
      `identical images count as ${CEILING} dB`,
  },
  {
    key: "ssimY",
    title: "SSIM-Y",
    digits: 4,
    better: "larger",
    convention: "same luma and border; Gaussian window 11x11, sigma 1.5, where it lies inside",
  },
  {
    key: "psnrRgb",
    title: "PSNR-RGB dB",
    digits: 2,
    better: "larger",
    convention: "over the three channels together, same border",
  },
  {
    key: "lpips",
    title: "LPIPS",
    digits: 4,
    better: "smaller",
    convention: "version 0.1 with AlexNet, as papers report it; RGB, no border",
  },
  {
    key: "lpipsSqueeze",
    title: "LPIPS-Sq",
    digits: 4,
    better: "smaller",
    convention: "version 0.1 with SqueezeNet; ranks nearest above bicubic: not to be used alone",
  },
  {
    key: "lrPsnr",
    title: "LR-PSNR dB",
    digits: 2,
    better: "larger",
    convention: "result shrunk by the exact bicubic in bytes, against its source; RGB, no border",
  },
  {
    key: "niqe",
    title: "NIQE",
    digits: 2,
    convention:
      "distance of the luma's statistics from those of photographs, blocks of 96, border of " +
      "scale pixels left out; less is more natural, but noise counts as detail: not to rank methods by",
  },
  {
    key: "colorError",
    title: "colour /255",
    digits: 2,
    better: "smaller",
    convention: "distance of the channels' means from the truth's, in steps of 1/255",
  },
  {
    key: "diversity",
    title: "diversity /255",
    digits: 2,
    convention:
      "standard deviation over the seeds (divided by their number), mean over pixels and " +
      "channels, in steps of 1/255",
  },
  {
    key: "gainOfMean",
    title: "mean gains dB",
    digits: 2,
    convention: "squared error (RGB) of the mean of all seeds' images against theirs on average",
  },
  {
    key: "errorCorrelation",
    title: "rank corr.",
    digits: 2,
    convention:
      "Spearman's rho, over the pixels, of the map of uncertainty() over the seeds (variance pooled " +
      "over a Gaussian of 6 pixels) and the error of their mean: do samples differ where they are wrong?",
  },
  {
    key: "seconds",
    title: "s/image",
    digits: 3,
    convention: "wall time under the load of that moment: in the results file, in no table",
  },
];
