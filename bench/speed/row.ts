/** Speed and memory of a method at one size. @module */

/** What identifies a measurement. */
export interface SpeedKey {
  /** Name of the method. */
  readonly method: string;
  /** What ran it. */
  readonly provider: string;
  /** CPU threads. */
  readonly threads: number;
  /** Columns of the source. */
  readonly width: number;
  /** Rows of the source. */
  readonly height: number;
}

/** The result of one measurement, in a process of its own. */
export interface SpeedFigures extends SpeedKey {
  /** Precision of its graphs. */
  readonly precision: string;
  /** Scale. */
  readonly scale: number;
  /** Milliseconds to load the graphs. */
  readonly load: number;
  /** Milliseconds of the first run. */
  readonly first: number;
  /** Median milliseconds of the runs after it. */
  readonly steady: number;
  /** Number of those runs. */
  readonly runs: number;
  /** Evaluations of the denoiser, or of the network where there is none. */
  readonly nfe: number;
  /** Convolutions and matrix products of all graphs for the whole image, 2 x multiply-adds, in 10^9. */
  readonly gflop?: number;
  /** Bytes that one image moves between the memories of the CPU and of a GPU; absent without a GPU. */
  readonly moved?: number;
  /** GFLOP/s of a bare convolution chain on the same provider and threads, just after. */
  readonly chain: number;
  /** The same on the native provider with all threads: the unit of the times of all methods. */
  readonly unit: number;
  /** Largest resident memory of the process in MiB. */
  readonly peak: number;
}

/** A measurement, and what it is valid for. */
export interface SpeedRow extends SpeedFigures {
  /** Digest of the method. */
  readonly methodDigest: string;
  /** Machine and versions, in words. */
  readonly machine: string;
}

/** Whether two measurements are of the same method, provider, threads and size. */
export function isSameSpeed(a: SpeedKey, b: SpeedKey): boolean {
  return a.method === b.method && a.provider === b.provider && a.threads === b.threads &&
    a.width === b.width && a.height === b.height;
}

/** Adds a row in place of an older one of the same method, provider, threads and size. */
export function putSpeed(rows: readonly SpeedRow[], row: SpeedRow): SpeedRow[] {
  return [...rows.filter((other) => !isSameSpeed(other, row)), row];
}
