/** A seeded source of chance: the same seed gives the same numbers for ever. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number in [0, bound). */
  below(bound: number): number;
  /** A version 4 UUID. */
  uuid(): string;
  /** `length` hexadecimal digits. */
  hex(length: number): string;
}

/** Spreads a seed over 32 bits, so that neighbouring seeds give unrelated streams (splitmix32). */
function createSeeder(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state ^ (state >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
}

function toHex8(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

/** Makes a generator (sfc32) from a seed. */
export function createRandom(seed: number): Random {
  const seeder = createSeeder(seed);
  let a = seeder();
  let b = seeder();
  let c = seeder();
  let counter = 1;

  const next32 = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let round = 0; round < 12; round += 1) next32();

  const next = (): number => next32() / 4_294_967_296;
  return {
    next,
    below: (bound) => Math.floor(next() * bound),
    uuid: () => {
      const middle = toHex8(next32());
      const variant = toHex8((next32() & 0x3fffffff) | 0x80000000);
      return `${toHex8(next32())}-${middle.slice(0, 4)}-4${middle.slice(5)}-${variant.slice(0, 4)}-${variant.slice(4)}${toHex8(next32())}`;
    },
    hex: (length) => {
      let text = '';
      while (text.length < length) text += toHex8(next32());
      return text.slice(0, length);
    },
  };
}
