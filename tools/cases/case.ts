/** A recorded case: something that was broken once, and what must happen now. @module */

/** One row of a manifest, or a part of it. */
export interface Case {
  /** Its name, which `--only` selects. */
  readonly id: string;
  /** What must happen, as in the manifest. */
  readonly wants: string;
  /** Files and folders that it needs, as paths below the folder of cases. */
  readonly needs: readonly string[];
  /**
   * Runs the case.
   *
   * @returns What happened, in a few words.
   * @throws {Unwanted} If something else happened than must.
   */
  run(place: Place): Promise<string>;
}

/** The folders of a run of cases. */
export interface Place {
  /** The folder of cases. */
  readonly cases: string;
  /** An empty folder for what the case writes. */
  readonly work: string;
  /** The checkout under test. */
  readonly root: string;
}

/** A case did not have the outcome that it must have. */
export class Unwanted extends Error {
  override name = "Unwanted";
}

/** Throws {@linkcode Unwanted} with what was seen unless the condition holds. */
export function want(isSo: boolean, seen: string): asserts isSo {
  if (!isSo) throw new Unwanted(seen);
}
