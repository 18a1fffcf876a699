#!/usr/bin/env bash
# systemd-cron 1.15.19 (Debian 12), which makes systemd timers from crontabs in cron's place, and lines that cron reads too.
# Its own crontab(5) says that names can be used for months, and of a line with a day of the month and a day of the week that it runs
# "when either field matches".
# Guess before the run: 24 nov, 24 dec and 24 oct are days of November, December and October; "1 * 1" is each first and each Monday.
# Seen: nov is October and dec is November; a line with oct is left out, which only the log tells; and "1 * 1" is a first that
# is a Monday, one to three times a year. Numbers of months are read right. A closing of the year planned for dec runs a month early:
# whoever moves tills to it writes months as numbers and one line for each kind of day, and looks at `systemctl list-timers`.
# Debian's package is taken into a temporary folder; its generator is read from there, and nothing is started.
set -eu
command -v apt-get >/dev/null && [ -x /usr/bin/python3 ] || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq systemd-cron=1.15.19-5 2>/dev/null || { echo "Debian's archive has this version no more"; exit 2; }
dpkg -x systemd-cron_*.deb .
printf '%s\n' '0 5 24 oct * till oct' '0 5 24 nov * till nov' '0 5 24 dec * till dec' '0 5 24 12 * till 12' '0 4 1 * 1 till either' >crontab
mkdir -p units/cron.target.wants
cat >look.py <<'PY'
from importlib.machinery import SourceFileLoader
from itertools import count

generator = SourceFileLoader('generator', 'lib/systemd/system-generators/systemd-crontab-generator').load_module()
generator.TARGET_DIR, generator.TIMERS_DIR = 'units', 'units/cron.target.wants'
generator.log = lambda level, text: print(text)
number = count()
for job in generator.parse_crontab('crontab', withuser=False):
    generator.generate_timer_unit(job, seq=number)
PY
seen=$(
  /usr/bin/python3 -W ignore look.py
  sed -n -e 's/^Description=.*"\(.*\)"$/\1 ->/p' -e 's/^OnCalendar=//p' units/*.timer | paste -d ' ' - -
)
printf 'systemd-cron 1.15.19-5\n%s\n' "$seen"
expected='garbled time in crontab [0 5 24 oct * till oct]: oct
0 5 24 nov * till nov -> *-10-24 5:0:00
0 5 24 dec * till dec -> *-11-24 5:0:00
0 5 24 12 * till 12 -> *-12-24 5:0:00
0 4 1 * 1 till either -> Mon *-*-1 4:0:00'
[ "$seen" = "$expected" ]
