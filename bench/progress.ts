/** The progress of a run, on stderr. @module */

/** Counts steps of equal weight. */
export interface Progress {
  /** Counts one finished step; a `kept` one took no time and is left out of the estimate. */
  step(label: string, kept?: boolean): void;
  /** Writes a line above the progress. */
  say(line: string): void;
  /** Clears the line of the progress. */
  end(): void;
}

/** Updates one line on a terminal, and prints a line every ten seconds elsewhere. */
export function startProgress(total: number, quiet = false): Progress {
  const terminal = Deno.stderr.isTerminal();
  const encoder = new TextEncoder();
  const write = (text: string) => Deno.stderr.writeSync(encoder.encode(text));
  const clear = terminal && !quiet ? "\r\x1b[2K" : "";
  const start = performance.now();
  let done = 0, worked = 0, last = 0;
  return {
    step(label, kept = false) {
      done++;
      if (!kept) worked++;
      const now = performance.now();
      if (quiet || now - last < (terminal ? 100 : 10_000)) return;
      last = now;
      const left = worked > 0 ? (now - start) / worked * (total - done) / 1000 : NaN;
      const line = `${done}/${total}  ${label}${
        Number.isFinite(left) ? `  ${clock(left)} left` : ""
      }`;
      write(terminal ? `${clear}${line}` : `${line}\n`);
    },
    say: (line) => void write(`${clear}${line}\n`),
    end: () => void write(clear),
  };
}

/** Minutes and seconds, such as `2:05`. */
function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}
