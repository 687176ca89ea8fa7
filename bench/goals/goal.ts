/** Figures that have a goal, and the studies that measure them. @module */

/** A figure and its goal. */
export interface Goal {
  /** What it is, such as `regression: slowest pixel : fastest`. */
  readonly what: string;
  /** The measured value. */
  readonly value: number;
  /** Its upper or lower limit. */
  readonly goal: { readonly most: number } | { readonly least: number };
  /** Unit; a ratio if absent. */
  readonly unit?: "MB";
  /** The times that it was computed from. */
  readonly note?: string;
}

/** Settings of the measurements. */
export interface GoalSettings {
  /** Entries whose time is compared with that of their graphs. */
  readonly models: readonly string[];
  /** Folder of UpscalerJS, if it is installed. */
  readonly upscalerjs?: string;
  /** Whether to measure images that take minutes. */
  readonly large: boolean;
}

/** Measures figures of one kind. */
export interface Study {
  /** Its name on the command line. */
  readonly name: string;
  /** What it measures, in one line. */
  readonly about: string;
  /** Measures one figure after another. */
  measure(settings: GoalSettings, signal: AbortSignal): AsyncGenerator<Goal>;
}

/** Whether a figure meets its goal. */
function isMet({ value, goal }: Goal): boolean {
  return "most" in goal ? value <= goal.most : value >= goal.least;
}

/** The figures as a table in Markdown. */
export function goalTable(goals: readonly Goal[]): string {
  const shown = (value: number, unit?: string) =>
    unit ? `${value.toFixed(0)} ${unit}` : value.toFixed(2);
  const rows = goals.map((row) => {
    const { what, value, goal, unit, note = "" } = row;
    const limit = "most" in goal ? `<= ${shown(goal.most, unit)}` : `>= ${shown(goal.least, unit)}`;
    return `| ${what} | ${shown(value, unit)} | ${limit} | ${
      isMet(row) ? "yes" : "no"
    } | ${note} |`;
  });
  return ["| what | measured | goal | met | of |", "| --- | ---: | ---: | --- | --- |", ...rows]
    .join("\n");
}
