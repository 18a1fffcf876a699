#!/usr/bin/env bash
# bree 9.2.9 (npm), whose lines of cron are checked by one package, cron-validate 1.5.3, and carried out by another, @breejs/later 4.2.0, where the two meet. crontab(5): in
# the field for days of the week "0 or 7 is Sunday"; a line with a day of the month and a day of the week runs "when either field matches".
# Guess before the run: 0 and 7 are Sunday, 5-7 is Friday to Sunday, "13 * 5" is each 13th and each Friday; or a line is refused.
# Seen: the one takes each of them; for the other 7 is Saturday. "0 2 * * 7" runs a night early, 5-7 leaves Sunday
# out, 0,7 runs on both days. "13 * 5" runs on a Friday that is a 13th, first in August 2027. No word of it, and the job has no error.
# Whoever moves crontabs to it writes Sunday as 0, and one job for each kind of day.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export TZ=UTC
npm init -y >/dev/null
npm install --silent --no-audit --no-fund bree@9.2.9 cron-validate@1.5.3 @breejs/later@4.2.0 >/dev/null
cat >look.cjs <<'JS'
const Bree = require('bree')
const later = require('@breejs/later')

later.date.UTC()
const main = async () => {
  for (const cron of ['0 2 * * 0', '0 2 * * 7', '0 2 * * 5-7', '0 2 * * 0,7', '0 2 13 * 5']) {
    const bree = new Bree({ root: false, logger: false, jobs: [{ name: 'closing', path: () => {}, cron }] })
    await bree.init()
    const next = later.schedule(bree.config.jobs[0].interval).next(3, new Date('2026-12-02T12:00:00Z'))
    const days = next.map((day) => `${['Su', 'Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa'][day.getUTCDay()]} ${day.toISOString().slice(0, 10)}`)
    console.log(`${cron}: ${days.join(', ')}`)
  }
  process.exit(0)
}
main()
JS
seen=$(node look.cjs)
printf 'bree 9.2.9, cron-validate 1.5.3, @breejs/later 4.2.0\n%s\n' "$seen"
expected='0 2 * * 0: Su 2026-12-06, Su 2026-12-13, Su 2026-12-20
0 2 * * 7: Sa 2026-12-05, Sa 2026-12-12, Sa 2026-12-19
0 2 * * 5-7: Fr 2026-12-04, Sa 2026-12-05, Fr 2026-12-11
0 2 * * 0,7: Sa 2026-12-05, Su 2026-12-06, Sa 2026-12-12
0 2 13 * 5: Fr 2027-08-13, Fr 2028-10-13, Fr 2029-04-13'
[ "$seen" = "$expected" ]
