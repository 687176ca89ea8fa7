/** EXIF blocks. @module */

/** Tag "Orientation" of TIFF 6.0, which EXIF takes over. */
const ORIENTATION = 0x0112;
/** Type of a field of 32 bits. */
const LONG = 4;

/**
 * Reads the orientation out of an EXIF block; 1 (upright) where the block says nothing sensible.
 *
 * @param exif A TIFF structure, with or without the leading `Exif\0\0`.
 */
export function orientationOf(exif: Uint8Array): number {
  const at = exif[0] === 0x45 && exif[1] === 0x78 ? 6 : 0;
  if (exif.length < at + 14) return 1;
  const view = new DataView(exif.buffer, exif.byteOffset + at, exif.length - at);
  const little = view.getUint16(0) === 0x4949;
  const directory = view.getUint32(4, little);
  if (directory + 2 > view.byteLength) return 1;
  for (let i = 0; i < view.getUint16(directory, little); i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > view.byteLength) return 1;
    if (view.getUint16(entry, little) !== ORIENTATION) continue;
    const isLong = view.getUint16(entry + 2, little) === LONG;
    const value = isLong ? view.getUint32(entry + 8, little) : view.getUint16(entry + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}
