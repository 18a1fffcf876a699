#!/usr/bin/env bash
# Monitoring::Plugin 0.40 (Debian 12, libmonitoring-plugin-perl), the framework of many checks in Perl, and performance data that it writes and reads itself. Monitoring
# Plugins Development Guidelines: limits behind a value are in the format of ranges, where @10:20 alarms within and 10: below; "to specify a quote
# character, use two single quotes".
# Guess before the run: what it writes it reads, with its limits; the value of 'it''s' is there as well.
# Seen: a limit with @ in it is lost, and so are limits, minimum and maximum behind it: of a freezer's temperature -18.5;-20:-15;@-30:-25;-40;10 the warning stays,
# of a value with @10:20 in front nothing but the value. A name with a quote in it is lost with its value. What else stands in the line is
# read, and no word is said. `check_threshold` of the same package takes @10:20 as the guidelines have it.
# Whoever draws graphs or judges by what it reads turns @10:20 into limits of its own first, and leaves quotes out of names.
# Debian's packages are taken into a temporary folder.
set -euo pipefail
command -v apt-get >/dev/null && [ -x /usr/bin/perl ] || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download libmonitoring-plugin-perl=0.40-1 libmath-calc-units-perl libparams-validate-perl libmodule-implementation-perl \
  libmodule-runtime-perl libtry-tiny-perl libclass-accessor-perl libsub-name-perl libconfig-tiny-perl >/dev/null 2>&1
for package in *.deb; do dpkg-deb -x "$package" there; done
cat >look.pl <<'PL'
use strict;
use warnings;
use Monitoring::Plugin;
use Monitoring::Plugin::Performance;

my $plugin = Monitoring::Plugin->new(shortname => 'LOOK');
$plugin->add_perfdata(label => 'freezer', value => -18.5, warning => '-20:-15', critical => '@-30:-25', min => -40, max => 10);
$plugin->add_perfdata(label => 'drawer', value => 5, uom => '%', warning => '@10:20', critical => '30', min => 0, max => 100);
$plugin->add_perfdata(label => 'queue', value => 3, warning => '10:', critical => '5:', min => 0);
my $line = $plugin->all_perfoutput . q( 'it''s'=4;5 last=1);
print "$line\n";
for my $one (Monitoring::Plugin::Performance->parse_perfstring($line)) {
    print join(' ', map { defined && length ? $_ : '-' } map { $one->$_ } qw(label value warning critical min max)), "\n";
}
print 'check_threshold of 15: ', $plugin->check_threshold(check => 15, warning => '@10:20'), "\n";
PL
seen=$(perl -Ithere/usr/share/perl5 -Ithere/usr/lib/x86_64-linux-gnu/perl5/5.36 -Ithere/usr/lib/aarch64-linux-gnu/perl5/5.36 look.pl)
printf 'Monitoring::Plugin 0.40\n%s\n' "$seen"
expected='freezer=-18.5;-20:-15;@-30:-25;-40;10 drawer=5%;@10:20;30;0;100 queue=3;10:;5:;0; '\''it'\'''\''s'\''=4;5 last=1
freezer -18.5 -20:-15 - - -
drawer 5 - - - -
queue 3 10: 5: 0 -
last 1 - - - -
check_threshold of 15: 1'
[ "$seen" = "$expected" ]
