#!/usr/bin/env bash
# humanfriendly 10.0 (Debian 12, python3-humanfriendly) and how long a machine has been up, as reports write it. It gives years, weeks,
# days, hours, minutes and seconds.
# Guess before the run: 365 days are one year, 364 days are 52 weeks; 119.999 seconds are two minutes; 999999 bytes are 1 MB.
# Seen: a year is 52 weeks: 364 days are "1 year", 365 are "1 year and 1 day", and ten years of 365 days are "10 years, 1 week and 3 days"; "1 year"
# is 364 days by `parse_timespan`, too. 119.999 seconds are "1 minute and 60 seconds", 999999 bytes "1000 KB", 1048575 "1024 KiB".
# Whoever writes uptimes by it gives days, and whole seconds.
# Debian's package is taken into a temporary folder; Python is Debian 12's own.
set -euo pipefail
command -v apt-get >/dev/null && [ -x /usr/bin/python3 ] || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq python3-humanfriendly=10.0-3 2>/dev/null || { echo "Debian's archive has this version no more"; exit 2; }
dpkg -x python3-humanfriendly_*.deb .
seen=$(PYTHONPATH=usr/lib/python3/dist-packages /usr/bin/python3 -W ignore -c '
import humanfriendly as h

for days in (363, 364, 365, 3650):
    print(days, "days:", h.format_timespan(days * 86400))
for text in ("1 year", "52 weeks"):
    print(text, "in days:", h.parse_timespan(text) / 86400)
print("119.999 s:", h.format_timespan(119.999))
print("999999 bytes:", h.format_size(999999), "and 1048575:", h.format_size(1048575, binary=True))
')
printf 'humanfriendly 10.0\n%s\n' "$seen"
expected='363 days: 51 weeks and 6 days
364 days: 1 year
365 days: 1 year and 1 day
3650 days: 10 years, 1 week and 3 days
1 year in days: 364.0
52 weeks in days: 364.0
119.999 s: 1 minute and 60 seconds
999999 bytes: 1000 KB and 1048575: 1024 KiB'
[ "$seen" = "$expected" ]
