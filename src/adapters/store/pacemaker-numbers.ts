// Versions and epochs count in two places: in the CIB for all machines, in the file store for one.
// Together they are one growing number, the CIB's in front; both parts stay exact below 2^26.
const UNIT = 2 ** 26;

/** One number of a count in the CIB and a count in this machine's file store. */
export const joined = (high: number, low: number): number => high * UNIT + low;

/** The two counts of a joined number. */
export const split = (number: number): { readonly high: number; readonly low: number } => ({
  high: Math.floor(number / UNIT),
  low: number % UNIT,
});
