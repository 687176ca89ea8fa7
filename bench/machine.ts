/** Where figures were measured. @module */

import { cpus, totalmem } from "node:os";

/** A machine and the versions on it. */
export interface Machine {
  /** Day and time of the run, UTC. */
  readonly date: string;
  /** Operating system and architecture. */
  readonly system: string;
  /** Model of the CPU. */
  readonly cpu: string;
  /** Logical cores. */
  readonly cores: number;
  /** Memory in GiB. */
  readonly memory: number;
  /** Versions by name. */
  readonly versions: Readonly<Record<string, string>>;
}

/** This machine, now. */
export async function thisMachine(): Promise<Machine> {
  const config = JSON.parse(await Deno.readTextFile(new URL("../deno.json", import.meta.url)));
  const pinned = (name: string) => `${config.imports[name]}`.replace(/^.*@/, "");
  return {
    date: new Date().toISOString().slice(0, 16).replace("T", " "),
    system: `${Deno.build.os} ${Deno.build.arch}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: navigator.hardwareConcurrency,
    memory: Math.round(totalmem() / 2 ** 30),
    versions: {
      srzoo: config.version,
      deno: Deno.version.deno,
      "onnxruntime-node": pinned("onnxruntime-node"),
      "onnxruntime-web": pinned("onnxruntime-web"),
    },
  };
}

/** What its speed depends on, in words; runs with the same words can be compared. */
export function describeMachine({ system, cpu, cores, memory, versions }: Machine): string {
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${system}, ${cpu}, ${cores} cores, ${memory} GiB; ${named.join(", ")}`;
}
