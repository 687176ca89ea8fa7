/** The sizes that are timed. @module */

/** Size of a source in pixels. */
export interface SourceSize {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
}

/** Larger outputs, in pixels, are timed on the first provider only: the others take minutes. */
export const LARGE = 2e6;

/** Sizes of the source, or of the output, by name. */
const SIZES: Readonly<Record<string, { source?: SourceSize; output?: SourceSize }>> = {
  "128": { source: { width: 128, height: 128 } },
  "320x240": { source: { width: 320, height: 240 } },
  "1Mpx": { output: { width: 1024, height: 1024 } },
  "8Mpx": { output: { width: 3264, height: 2448 } },
};

/** Names of all sizes, smallest first. */
export const sizeNames: string[] = Object.keys(SIZES);

/**
 * The source of a size at a scale.
 *
 * @throws {RangeError} If there is no such size; it lists them.
 */
export function sizeOf(name: string, scale: number): SourceSize {
  const { source, output } = SIZES[name] ?? {};
  if (source) return source;
  if (!output) {
    throw new RangeError(
      `Cannot time the size "${name}": it is not one of ${sizeNames.join(", ")}`,
    );
  }
  return { width: Math.round(output.width / scale), height: Math.round(output.height / scale) };
}
