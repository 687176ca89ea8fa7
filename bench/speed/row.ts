/** What is known of a method's speed and memory at one size. @module */

/** One measurement in a process of its own. */
export interface SpeedRow {
  /** Name of the method. */
  readonly method: string;
  /** What ran it. */
  readonly provider: string;
  /** Precision of its graphs. */
  readonly precision: string;
  /** CPU threads. */
  readonly threads: number;
  /** Columns of the source. */
  readonly width: number;
  /** Rows of the source. */
  readonly height: number;
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
  /** Evaluations of the denoiser, or of the network that has none. */
  readonly nfe: number;
  /** Convolutions and matrix products of all graphs for the whole picture, 2 x multiply-adds, in 10^9. */
  readonly gflop?: number;
  /** GFLOP/s of a bare convolution chain on the same provider and threads, just after. */
  readonly chain: number;
  /** The same on the native provider with all threads: the unit that all methods are told in. */
  readonly unit: number;
  /** Largest resident memory of the process in MiB. */
  readonly peak: number;
}

/** Adds a row in place of an older one of the same method, provider, threads and size. */
export function putSpeed(rows: readonly SpeedRow[], row: SpeedRow): SpeedRow[] {
  const key = ({ method, provider, threads, width, height }: SpeedRow) =>
    [method, provider, threads, width, height].join(" ");
  return [...rows.filter((other) => key(other) !== key(row)), row];
}
