import type { Millis } from '../domain/time.ts';

const UNITS: Readonly<Record<string, Millis>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Reads `500ms`, `30s`, `5m`, `1h30m` or a bare number of seconds; null for everything else. */
export function parseDuration(text: string): Millis | null {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Math.round(Number(trimmed) * 1000);
  if (!/^(\d+(\.\d+)?\s*[a-z]+\s*)+$/.test(trimmed)) return null;
  let total = 0;
  for (const [, amount = '', unit = ''] of trimmed.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/g)) {
    const length = UNITS[unit];
    if (length === undefined) return null;
    total += Number(amount) * length;
  }
  return Math.round(total);
}

/** Writes a duration as the configuration file has it: `500ms`, `30s`, `5m`, `1h30m`. */
export function formatDuration(length: Millis): string {
  if (length === 0) return '0s';
  let rest = length;
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const size = UNITS[unit] ?? 1;
    const amount = Math.floor(rest / size);
    if (amount > 0) text += `${String(amount)}${unit}`;
    rest -= amount * size;
  }
  return text;
}
