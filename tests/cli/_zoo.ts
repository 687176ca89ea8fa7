/** The command `zoo`, as tests run it. @module */

import { main } from "../../cli/zoo.ts";

/** Runs the command `zoo` in this process; returns what it printed. */
export async function zoo(...args: string[]): Promise<{ code: number; text: string }> {
  const lines: string[] = [];
  const { log, error } = console;
  console.log = console.error = (line: string) => void lines.push(line);
  try {
    return { code: await main(args), text: lines.join("\n") };
  } finally {
    Object.assign(console, { log, error });
  }
}
