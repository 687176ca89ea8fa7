/** Vega-Lite drawings as SVG that takes the colours of the page. @module */

import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";

/** A plot with its caption. */
export interface Plot {
  /** Caption. */
  readonly caption: string;
  /** The SVG. */
  readonly svg: string;
}

/** A plot that is not drawn yet. */
export interface Drawing {
  /** Caption. */
  readonly caption: string;
  /** How it is drawn. */
  readonly spec: TopLevelSpec;
}

/** One axis. */
export interface AxisOptions {
  /** Title, with the unit. */
  readonly title: string;
  /** Logarithmic. */
  readonly log?: boolean;
}

/** Size of the plots in pixels. */
export const PLOT = { width: 460, height: 320 } as const;

/** Colours that are visible on white and on black, and distinct for most colour-blind readers. */
export const COLORS: readonly string[] = [
  "#7f7f7f",
  "#1f83c4",
  "#e0701a",
  "#2a9d5c",
  "#b65ac2",
  "#d0434b",
  "#a8892c",
  "#18a5ad",
];

/** Text and lines take the page's colour, so that one drawing works in light and dark mode. */
const INK = "currentColor";
const FAINT = "rgba(128,128,128,0.28)";
const FONT = "system-ui, sans-serif";

const config = {
  background: "transparent",
  font: FONT,
  axis: {
    labelColor: INK,
    titleColor: INK,
    tickColor: INK,
    domainColor: INK,
    gridColor: FAINT,
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: 400,
  },
  legend: {
    labelColor: INK,
    titleColor: INK,
    labelFontSize: 12,
    labelLimit: 0,
    orient: "bottom",
    columns: 3,
    layout: { bottom: { anchor: "start", direction: "vertical" } },
  },
  text: { color: INK },
  view: { stroke: FAINT },
} as const;

/** Draws it. */
export async function draw({ caption, spec }: Drawing): Promise<Plot> {
  const { spec: vega } = compile(spec, { config: config as never });
  const svg = await new View(parse(vega), { renderer: "none" }).toSVG();
  return { caption, svg };
}

/** A domain with a margin at both ends. */
export function domainOf(values: readonly number[], log = false): [number, number] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (log) {
    const room = Math.max((most / least) ** 0.12, 1.25);
    return [least / room, most * room];
  }
  const room = 0.12 * (most - least) || 0.1 * Math.abs(most) || 1;
  return [least - room, most + room];
}

/** Ticks at 1, 2 and 5 of every decade, or at 1 alone over more than three decades. */
function stepsOf([from, to]: readonly [number, number]): number[] {
  const decades = Math.log10(to / from);
  const found: number[] = [];
  for (let power = Math.floor(Math.log10(from)); 10 ** power <= to; power++) {
    for (const digit of decades > 3 ? [1] : [1, 2, 5]) found.push(digit * 10 ** power);
  }
  return found.filter((value) => value >= from && value <= to);
}

/**
 * An axis over a fixed domain. Its title must be short: Vega takes about ten pixels for each letter.
 */
export function axisOf(
  field: string,
  { title, log = false }: AxisOptions,
  domain: readonly [number, number],
): object {
  // Vega warns if `zero` is set on a logarithmic scale.
  const scale = log ? { type: "log", domain, nice: false } : { domain, nice: false, zero: false };
  const axis = log ? { format: "~g", values: stepsOf(domain) } : { tickCount: 6 };
  return { field, title, type: "quantitative", scale, axis };
}
