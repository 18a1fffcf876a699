#!/usr/bin/env bash
# dateutils 0.4.10 (Debian 12): ddiff's months with the days left over, as the age of a till or of a contract is written, and dconv's working day of the month ("%db").
# ddiff(1), "The refinement rule": beside months, days are shown "in its natural range", which is what the months leave over.
# Guess before the run: 31 January to 1 March is one month and a day or a few, and never as many days as two months have; of a Saturday, dconv says the working day
# before it or after it, or none.
# Seen: 30 and 31 January to 1 March 2026 are "1 months, 63 days" and "1 months, 62 days", from 31 December to 2 March it is 63 days beside two months; 28 and 29 January
# are right. Of each Saturday and Sunday the first sign of "%db" is the byte b9, which is no digit and no UTF-8, and the second one is 5; from Monday to Friday it counts.
# Exit code 0.
# Whoever writes ages by it takes days alone (%d), and asks for the day of the week before "%db".
# Debian's package is taken into a temporary folder.
set -euo pipefail
command -v apt-get >/dev/null || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq dateutils=0.4.10-1 2>/dev/null || { echo "Debian's archive has this version no more"; exit 2; }
dpkg -x dateutils_*.deb .
seen=$(
  for days in '2026-01-28 2026-03-01' '2026-01-29 2026-03-01' '2026-01-30 2026-03-01' '2026-01-31 2026-03-01' '2026-12-31 2027-03-02'; do
    echo "$days: $(usr/bin/dateutils.ddiff ${days% *} ${days#* } -f '%m months, %d days'), $(usr/bin/dateutils.ddiff ${days% *} ${days#* } -f '%d days')"
  done
  for day in 2026-08-01 2026-08-07 2026-08-08 2026-08-09 2026-08-10; do echo "$day:$(usr/bin/dateutils.dconv "$day" -f '%db' | od -An -tx1)"; done
)
printf 'dateutils 0.4.10\n%s\n' "$seen"
expected='2026-01-28 2026-03-01: 1 months, 1 days, 32 days
2026-01-29 2026-03-01: 1 months, 0 days, 31 days
2026-01-30 2026-03-01: 1 months, 63 days, 30 days
2026-01-31 2026-03-01: 1 months, 62 days, 29 days
2026-12-31 2027-03-02: 2 months, 63 days, 61 days
2026-08-01: b9 35 62 0a
2026-08-07: 30 35 62 0a
2026-08-08: b9 35 62 0a
2026-08-09: b9 35 62 0a
2026-08-10: 30 36 62 0a'
[ "$seen" = "$expected" ]
