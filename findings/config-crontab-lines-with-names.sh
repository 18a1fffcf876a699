#!/usr/bin/env bash
# Config::Crontab 1.45 (Debian 12, libconfig-crontab-perl), which reads a crontab, changes it and writes it back, and cron 3.0pl1 (Debian 12), where the two meet: lines whose days or
# months are ranges of names. crontab(5) says that they "are not allowed", but cron takes them, and `crontab -n` finds them right. The package's page: `error` tells
# what went wrong, and with `strict` it dies where a file cannot be opened.
# Guess before the run: each line is written as it was read, whatever the package makes of it; or `error` names the line.
# Seen: "mon-fri" and "jan-mar" are no lines for it: they are gone from what it writes, with their commands, and `error` is empty, with `strict` as without. "mon", "mon,wed"
# and 1-5 stay. A program that adds one line by it takes the nightly job of each work day away.
# Whoever changes crontabs by it counts lines before and after, or writes days as numbers first.
# Debian's packages are taken into a temporary folder.
set -euo pipefail
command -v apt-get >/dev/null && command -v unshare >/dev/null && command -v perl >/dev/null || { echo "needs Debian 12 and perl"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq libconfig-crontab-perl=1.45-3 cron=3.0pl1-162 2>/dev/null || { echo "Debian's archive has these versions no more"; exit 2; }
for package in ./*.deb; do dpkg -x "$package" .; done
cat >look.pl <<'PERL'
use strict;
use warnings;
use Config::Crontab;

for my $when ('0 2 * * 1-5', '0 2 * * mon', '0 2 * * mon,wed', '0 2 * * mon-fri', '0 2 * jan-mar *') {
    for my $strict (0, 1) {
        open my $file, '>', 'crontab' or die;
        print $file "MAILTO=root\n$when /usr/bin/close-day\n0 3 * * * /usr/bin/backup\n";
        close $file;
        my $crontab = Config::Crontab->new(-file => 'crontab', -strict => $strict);
        $crontab->read;
        $crontab->write;
        open $file, '<', 'crontab' or die;
        my @lines = <$file>;
        print "$when, strict $strict: ", (grep { /close-day/ } @lines) ? 'kept' : 'gone', ', ', scalar @lines, ' lines, error "', $crontab->error, "\"\n";
    }
}
PERL
printf '0 2 * * mon-fri /usr/bin/close-day\n0 2 * jan-mar * /usr/bin/close-day\n' >names
seen=$(
  perl -Iusr/share/perl5 look.pl
  # cron looks at a copy in its spool: one of its own, that goes with it.
  unshare -rm sh -c 'mount -t tmpfs tmpfs /var/spool && mkdir -p /var/spool/cron/crontabs && usr/bin/crontab -n names' 2>&1
)
printf 'Config::Crontab 1.45\n%s\n' "$seen"
expected='0 2 * * 1-5, strict 0: kept, 3 lines, error ""
0 2 * * 1-5, strict 1: kept, 3 lines, error ""
0 2 * * mon, strict 0: kept, 3 lines, error ""
0 2 * * mon, strict 1: kept, 3 lines, error ""
0 2 * * mon,wed, strict 0: kept, 3 lines, error ""
0 2 * * mon,wed, strict 1: kept, 3 lines, error ""
0 2 * * mon-fri, strict 0: gone, 2 lines, error ""
0 2 * * mon-fri, strict 1: gone, 2 lines, error ""
0 2 * jan-mar *, strict 0: gone, 2 lines, error ""
0 2 * jan-mar *, strict 1: gone, 2 lines, error ""
The syntax of the crontab file was successfully checked.'
[ "$seen" = "$expected" ]
