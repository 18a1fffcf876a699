#!/usr/bin/env bash
# Business::Hours 0.13 (Debian 12, libbusiness-hours-perl), by which ticket systems count how long an answer took in hours of service, and shops that are open by night. Its page:
# an end before the start is of the next day, as its own code has it; `holidays` takes 'MM-DD' for each year; `between` gives the seconds of business between two times, and -1
# for times "outside the calculated business hours".
# Guess before the run: open from 20:00 to 04:00 every day, 01:00 to 03:00 is two hours in each night; 1 January is closed in each year; of one object, `between` answers for
# any two times.
# Seen: of a night from Saturday to Sunday nothing counts behind midnight where the span begins on a Sunday, since days are laid out from that Sunday on: 0 in place of 7,200.
# Of a span from December 2025 to January 2029, 1 January is a holiday in the years of its two ends alone, and open in the three between. `between` keeps the first two times that it was
# asked for: a second ticket, later than the first, has -1, which adds up as a number; after `first_after` or `add_seconds` it has what these left behind.
# And each span is a second too long (7,201), unless its end lies in closed hours.
# Whoever counts with it makes a new object for each ticket, or calls `for_timespan` for all of its time before, begins spans on a Saturday, and gives holidays with their year.
# Debian's packages are taken into a temporary folder.
set -euo pipefail
command -v apt-get >/dev/null && command -v perl >/dev/null || { echo "needs Debian 12 and perl"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq libbusiness-hours-perl=0.13-2 libset-intspan-perl=1.19-3 2>/dev/null || { echo "Debian's archive has this version no more"; exit 2; }
for package in ./*.deb; do dpkg -x "$package" .; done
cat >look.pl <<'PERL'
use strict;
use warnings;
use Business::Hours;
use Time::Local;

sub at { my ($year, $month, $day, $hour) = @_; return timelocal(0, 0, $hour, $day, $month - 1, $year) }

sub shop {
    my ($start, $end, @holidays) = @_;
    my $shop = Business::Hours->new;
    $shop->business_hours((map { $_ => { Name => "day $_", Start => $start, End => $end } } 0 .. 6), holidays => \@holidays);
    return $shop;
}

my %names = (4 => 'Friday', 5 => 'Saturday', 6 => 'Sunday', 7 => 'Monday');
for my $day (sort keys %names) {
    print "01:00 to 03:00 on $names{$day}: ", shop('20:00', '4:00')->between(at(2026, 12, $day, 1), at(2026, 12, $day, 3)), "\n";
}
print 'the same on Sunday, from Saturday 05:00 on: ', shop('20:00', '4:00')->between(at(2026, 12, 5, 5), at(2026, 12, 6, 3)) - 5 * 3600, "\n";

my $span = shop('6:00', '22:00', '01-01')->for_timespan(Start => at(2025, 12, 1, 0), End => at(2029, 1, 31, 0));
print "1 January $_: ", ($span->member(at($_, 1, 1, 12)) ? 'open' : 'closed'), "\n" for 2026 .. 2029;

my $one = shop('6:00', '22:00');
print 'first ticket: ', $one->between(at(2026, 12, 1, 10), at(2026, 12, 1, 12)), "\n";
print 'second ticket: ', $one->between(at(2026, 12, 2, 10), at(2026, 12, 2, 12)), "\n";
$one->for_timespan(Start => at(2026, 12, 1, 0), End => at(2026, 12, 31, 0));
print 'second ticket, with all of December: ', $one->between(at(2026, 12, 2, 10), at(2026, 12, 2, 12)), "\n";
$one->first_after(at(2026, 12, 20, 23));
print 'second ticket, after first_after: ', $one->between(at(2026, 12, 2, 10), at(2026, 12, 2, 12)), "\n";
PERL
seen=$(TZ=Europe/Warsaw perl -Iusr/share/perl5 look.pl)
printf 'Business::Hours 0.13\n%s\n' "$seen"
expected='01:00 to 03:00 on Friday: 7201
01:00 to 03:00 on Saturday: 7201
01:00 to 03:00 on Sunday: 0
01:00 to 03:00 on Monday: 7201
the same on Sunday, from Saturday 05:00 on: 7201
1 January 2026: open
1 January 2027: open
1 January 2028: open
1 January 2029: closed
first ticket: 7201
second ticket: -1
second ticket, with all of December: 7201
second ticket, after first_after: -1'
[ "$seen" = "$expected" ]
