/** A figure that has a goal, and what measures some. @module */

/** A figure beside what it should be. */
export interface Goal {
  /** What it is of. */
  readonly what: string;
  /** What was measured. */
  readonly value: number;
  /** The most that it should be, or the least. */
  readonly goal: { readonly most: number } | { readonly least: number };
  /** Unit; it is a ratio where there is none. */
  readonly unit?: "MB";
  /** What it is made of. */
  readonly note?: string;
}

/** What the measurements may be told. */
export interface GoalSettings {
  /** Entries whose time is compared with that of their graphs. */
  readonly models: readonly string[];
  /** Folder of UpscalerJS, if it is there. */
  readonly upscalerjs?: string;
  /** Whether images are measured that take minutes. */
  readonly large: boolean;
}

/** Measures figures of one kind. */
export interface Study {
  /** Its name on the command line. */
  readonly name: string;
  /** What it tells, in a line. */
  readonly about: string;
  /** Measures, one figure after the other. */
  measure(settings: GoalSettings, signal: AbortSignal): AsyncGenerator<Goal>;
}

/** Whether a figure is what it should be. */
export function isMet({ value, goal }: Goal): boolean {
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
