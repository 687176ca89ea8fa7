/** A recorded case: something that was broken once, and what must happen now. @module */

/** One row of a manifest, or a part of it. */
export interface Case {
  /** Its name, by which it is selected. */
  readonly id: string;
  /** What must happen, as in the manifest. */
  readonly wants: string;
  /** Paths below the folder of cases that it needs. */
  readonly needs: readonly string[];
  /**
   * Tries it.
   *
   * @returns What happened, in a few words.
   * @throws {Unwanted} If that is not what must happen.
   */
  run(place: Place): Promise<string>;
}

/** Where cases are tried. */
export interface Place {
  /** The folder of cases. */
  readonly cases: string;
  /** An empty folder for what the case writes. */
  readonly work: string;
  /** The checkout that is tried. */
  readonly root: string;
}

/** Something happened that must not. */
export class Unwanted extends Error {
  override name = "Unwanted";
}

/** Throws unless the condition holds. */
export function want(isSo: boolean, seen: string): asserts isSo {
  if (!isSo) throw new Unwanted(seen);
}
