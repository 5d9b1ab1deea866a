/** When people watch: hours, weekdays and seasons. All factors average about 1. */
export const genres = [
  'drama',
  'romance',
  'comedy',
  'action',
  'scifi',
  'horror',
  'documentary',
  'kids',
] as const;
export type Genre = (typeof genres)[number];

export const millisecondsPerHour = 3_600_000;
export const millisecondsPerDay = 24 * millisecondsPerHour;

/** Relative density of session starts per local hour: a small morning, a long evening. */
const hourDensity = [
  0.5, 0.25, 0.12, 0.08, 0.08, 0.15, 0.4, 0.7, 0.65, 0.55, 0.55, 0.65, 0.85, 0.8, 0.75, 0.85, 1.05, 1.4, 1.9,
  2.5, 2.8, 2.5, 1.8, 1.0,
];
const hourTotal = hourDensity.reduce((sum, density) => sum + density, 0);

/** Sunday first: weekends and Friday evenings are busier. */
const weekdayFactor = [1.25, 0.85, 0.85, 0.88, 0.92, 1.12, 1.28];

const seasons: Readonly<Record<Genre, Readonly<Record<number, number>>>> = {
  horror: { 9: 1.8, 8: 1.15, 10: 1.05 },
  romance: { 1: 1.5, 11: 1.3 },
  kids: { 11: 1.5, 6: 1.2, 7: 1.2 },
  action: { 5: 1.2, 6: 1.25, 7: 1.15 },
  scifi: { 4: 1.2, 5: 1.15 },
  drama: { 0: 1.15, 1: 1.15 },
  comedy: { 3: 1.1, 11: 1.15 },
  documentary: { 0: 1.2 },
};

/** Appetite for a genre in a month (0 = January) relative to the rest of the year: horror in October, kids in December. */
export function seasonFactor(genre: Genre, month: number): number {
  return seasons[genre][month] ?? 1;
}

/** @param weekday 0 = Sunday, local to the member. */
export function weekdaySessionFactor(weekday: number): number {
  return weekdayFactor[weekday] ?? 1;
}

/** A local hour of day drawn from the daily rhythm. @param u uniform in [0, 1). */
export function drawLocalHour(u: number): number {
  let rest = u * hourTotal;
  for (let hour = 0; hour < 24; hour++) {
    rest -= hourDensity[hour] ?? 0;
    if (rest < 0) return hour;
  }
  return 23;
}

/** How likely a session starts in a local hour, relative to the average hour; any whole number is taken round the clock. */
export function hourLikelihood(hour: number): number {
  return (24 * (hourDensity[((hour % 24) + 24) % 24] ?? 0)) / hourTotal;
}

/** The member's own wall clock. @param at Unix milliseconds. */
export function localTime(
  at: number,
  offsetMinutes: number,
): { hour: number; weekday: number; month: number } {
  const local = new Date(at + offsetMinutes * 60_000);
  return { hour: local.getUTCHours(), weekday: local.getUTCDay(), month: local.getUTCMonth() };
}
