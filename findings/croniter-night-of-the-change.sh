#!/usr/bin/env bash
# croniter 1.3.5 (Debian 12, python3-croniter) with a time zone of pytz, "30 2 * * *" in Warsaw over the night when clocks go
# from 02:00 to 03:00.
# Guess before the run: one time a night; on 2026-03-29, where 02:30 does not exist, 03:30 or 03:00, then 02:30 each night again.
# Seen: 02:30+02:00, a time that no clock of that night shows (it is 01:30 there); the same night 03:30 again; and on the next day
# 01:30 besides 02:30. So a job that is planned this way runs twice in each of two nights. In October it is once a night.
# Debian's packages are taken into a temporary folder.
set -eu
command -v apt-get >/dev/null && [ -x /usr/bin/python3 ] || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq python3-croniter=1.3.5-3 python3-tz python3-dateutil python3-six python3-future python3-natsort 2>/dev/null ||
  { echo "Debian's archive has this version no more"; exit 2; }
for package in ./*.deb; do dpkg -x "$package" .; done
cat >look.py <<'PY'
from datetime import datetime

import pytz
from croniter import croniter

zone = pytz.timezone('Europe/Warsaw')
for start in (datetime(2026, 3, 28, 12), datetime(2026, 10, 24, 12)):
    times = croniter('30 2 * * *', zone.localize(start))
    print(' '.join(times.get_next(datetime).strftime('%m-%dT%H:%M%z') for _ in range(4)))
PY
seen=$(PYTHONPATH=usr/lib/python3/dist-packages /usr/bin/python3 look.py)
printf 'croniter 1.3.5\n%s\n' "$seen"
expected='03-29T02:30+0200 03-29T03:30+0200 03-30T01:30+0200 03-30T02:30+0200
10-25T02:30+0200 10-26T02:30+0100 10-27T02:30+0100 10-28T02:30+0100'
[ "$seen" = "$expected" ]
