import { DAY_MS } from '../../core/duration.ts'

/** Public holidays (Act of 18 January 1951, as amended; with Christmas Eve since 2025): shops are closed. */
export function publicHolidays(year: number): readonly string[] {
  const easter = easterSunday(year)
  const fixed = ['01-01', '01-06', '05-01', '05-03', '08-15', '11-01', '11-11', '12-24', '12-25', '12-26']
  const moving = [0, 1, 49, 60].map((days) => isoDate(easter + days * DAY_MS))
  return [...fixed.map((day) => `${year}-${day}`), ...moving].sort()
}

/**
 * Sundays on which shops may open: the last of January, April, June and August, the one before Easter and three before
 * Christmas (Act of 10 January 2018, article 7, as amended in 2024).
 */
export function tradingSundays(year: number): readonly string[] {
  const lastOf = [1, 4, 6, 8].map((month) => sundayBefore(Date.UTC(year, month, 1)))
  const beforeEaster = easterSunday(year) - 7 * DAY_MS
  const lastAdvent = sundayBefore(Date.UTC(year, 11, 24))
  const advent = [14, 7, 0].map((days) => lastAdvent - days * DAY_MS)
  const holidays = new Set(publicHolidays(year))
  return [...lastOf, beforeEaster, ...advent]
    .map(isoDate)
    .filter((date) => !holidays.has(date))
    .sort()
}

/** The last Sunday that lies before a date. */
function sundayBefore(time: number): number {
  const day = new Date(time).getUTCDay()
  return time - (day === 0 ? 7 : day) * DAY_MS
}

/** Gregorian computus after Meeus, Jones and Butcher ("Astronomical Algorithms", chapter 8). */
function easterSunday(year: number): number {
  const a = year % 19
  const b = Math.floor(year / 100)
  const c = year % 100
  const d = Math.floor(b / 4)
  const f = Math.floor((b + 8) / 25)
  const g = Math.floor((b - f + 1) / 3)
  const h = (19 * a + b - d - g + 15) % 30
  const i = Math.floor(c / 4)
  const l = (32 + 2 * (b % 4) + 2 * i - h - (c % 4)) % 7
  const m = Math.floor((a + 11 * h + 22 * l) / 451)
  const n = h + l - 7 * m + 114
  return Date.UTC(year, Math.floor(n / 31) - 1, (n % 31) + 1)
}

function isoDate(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
