/** A point in time: milliseconds since the Unix epoch, as read from a wall clock. */
export type Instant = number;

/** A length of time in milliseconds. */
export type Millis = number;

/** An instant as `2026-11-20T11:35:09.123Z`, the only form in which we print or store time as text. */
export function formatInstant(instant: Instant): string {
  const days = Math.floor(instant / 86_400_000);
  const inDay = instant - days * 86_400_000;
  const [year, month, day] = civilFromDays(days);
  const pad = (value: number, width: number): string => String(value).padStart(width, '0');
  const hours = pad(Math.floor(inDay / 3_600_000), 2);
  const minutes = pad(Math.floor(inDay / 60_000) % 60, 2);
  const seconds = pad(Math.floor(inDay / 1000) % 60, 2);
  const date = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
  return `${date}T${hours}:${minutes}:${seconds}.${pad(Math.floor(inDay % 1000), 3)}Z`;
}

/** A length of time as people read it: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`. */
export function formatMillis(length: Millis): string {
  if (length < 1000) return `${String(Math.round(length / 100) / 10)} s`;
  const seconds = Math.round(length / 1000);
  if (seconds < 60) return `${String(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${String(minutes)} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${String(Math.floor(minutes / 60))} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/**
 * Nova's naive timestamps (`2019-10-25T20:13:51.000000`, with or without fraction or zone) are UTC;
 * null when the text is none of its forms.
 */
export function parseNovaTime(text: string): Instant | null {
  const match =
    /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:Z|\+00:00)?$/.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map(Number);
  const fraction = Number(`0.${match[7] ?? '0'}`) * 1000;
  const days = daysFromCivil(year, month, day);
  return (
    days * 86_400_000 + hour * 3_600_000 + minute * 60_000 + second * 1000 + Math.floor(fraction)
  );
}

// Howard Hinnant's calendar arithmetic: the core has no Date object, so that no clock can leak in.
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function civilFromDays(days: number): readonly [number, number, number] {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const mp = Math.floor((5 * dayOfYear + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return [year, month, dayOfYear - Math.floor((153 * mp + 2) / 5) + 1];
}
