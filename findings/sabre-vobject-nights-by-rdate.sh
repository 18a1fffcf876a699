#!/usr/bin/env bash
# sabre/vobject 2.1.7 (Debian 12, php-sabre-vobject), `expand`, and nights of maintenance in a calendar. RFC 5545, 3.8.5.2: days of RDATE are added to those of
# the rule, and stand alone where there is none; 3.3.10: with FREQ=YEARLY, 1MO is the first Monday of the year, and BYWEEKNO takes weeks of
# ISO 8601; a rule may go by hours or minutes.
# Guess before the run: the nights of RDATE are there; 4 January 2027 is the first Monday, and the Monday of its week 2 is 11 January; each quarter of an hour
# is another one.
# Seen: days of RDATE are left out, with a rule and without one. Of both yearly rules each year has the day of the first: 5 January, a
# Tuesday in 2027, a Wednesday in 2028. FREQ=MINUTELY gives one moment again and again. No error of any. 1MO by the month is right.
# Whoever asks it whether a freeze or a window of maintenance is on is told no in such nights: write single days as events of their own.
# Debian's package is taken into a temporary folder.
set -euo pipefail
command -v apt-get >/dev/null && command -v php >/dev/null && php -r 'exit(extension_loaded("mbstring") ? 0 : 1);' ||
  { echo "needs Debian 12 and php with mbstring"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download php-sabre-vobject=2.1.7-6.1 >/dev/null 2>&1
dpkg-deb -x php-sabre-vobject_*.deb there
cat >look.php <<'PHP'
<?php
// It was written for PHP 5: what newer ones say of it is no matter here.
error_reporting(E_ALL & ~E_DEPRECATED & ~E_WARNING & ~E_NOTICE);
spl_autoload_register(function ($name) {
    $file = 'there/usr/share/php/' . str_replace('\\', '/', $name) . '.php';
    if (is_file($file)) require $file;
});
$night = ';TZID=Europe/Warsaw:20260105T020000';
foreach ([
    'rule and RDATE' => "RRULE:FREQ=DAILY;COUNT=2\r\nRDATE;TZID=Europe/Warsaw:20260110T020000,20260112T020000",
    'RDATE alone' => 'RDATE;TZID=Europe/Warsaw:20260110T020000,20260112T020000',
    'first Monday of the year' => 'RRULE:FREQ=YEARLY;BYDAY=1MO;COUNT=3',
    'Monday of week 2' => 'RRULE:FREQ=YEARLY;BYWEEKNO=2;BYDAY=MO;COUNT=3',
    'quarters' => 'RRULE:FREQ=MINUTELY;INTERVAL=15;COUNT=3',
    'first Monday of each month' => 'RRULE:FREQ=MONTHLY;BYDAY=1MO;COUNT=3',
] as $name => $rule) {
    $calendar = Sabre\VObject\Reader::read("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//look//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n" .
        "DTSTART$night\r\nDURATION:PT1H\r\n$rule\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
    $calendar->expand(new DateTime('2026-01-01'), new DateTime('2028-12-31'));
    $seen = [];
    foreach ($calendar->VEVENT as $event) $seen[] = $event->DTSTART->getDateTime()->format('D Y-m-d H:i\Z');
    echo "$name: ", implode(', ', $seen), "\n";
}
PHP
seen=$(php look.php)
printf 'sabre/vobject 2.1.7\n%s\n' "$seen"
expected='rule and RDATE: Mon 2026-01-05 01:00Z, Tue 2026-01-06 01:00Z
RDATE alone: Mon 2026-01-05 01:00Z
first Monday of the year: Mon 2026-01-05 01:00Z, Tue 2027-01-05 01:00Z, Wed 2028-01-05 01:00Z
Monday of week 2: Mon 2026-01-05 01:00Z, Tue 2027-01-05 01:00Z, Wed 2028-01-05 01:00Z
quarters: Mon 2026-01-05 01:00Z, Mon 2026-01-05 01:00Z, Mon 2026-01-05 01:00Z
first Monday of each month: Mon 2026-01-05 01:00Z, Mon 2026-02-02 01:00Z, Mon 2026-03-02 01:00Z'
[ "$seen" = "$expected" ]
