#!/usr/bin/env bash
# Locale::Currency::Format 1.35 (Debian 12, liblocale-currency-format-perl), which writes amounts "in the formats recognized internationally and/or locally", as on invoices and
# receipts, and currencies that it knows without a sign before their decimals. ISO 4217: two decimals for RSD, AZN, DZD, BBD and CDF, three for TND and IQD.
# Guess before the run: 1,234.50 in each currency, with a point or comma before the decimals whatever it thinks of thousands; or undef, as its page says of a failure.
# Seen: nothing stands before the decimals: 1234.50 Serbian dinars are "123450 RSD", a hundred times too much, and 1.005 Tunisian ones are "1005 TND". No
# error is set. `decimal_precision` says 2 or 3 and `decimal_separator` is empty, for ten codes; EUR, PLN, HUF and JPY are right, and so is KWD with three.
# Whoever writes prices by it calls `currency_set` for these with a format that has a sign, for FMT_COMMON, or asks for `decimal_separator` first.
# Debian's package is taken into a temporary folder.
set -euo pipefail
command -v apt-get >/dev/null && command -v perl >/dev/null || { echo "needs Debian 12 and perl"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq liblocale-currency-format-perl=1.35-3 2>/dev/null || { echo "Debian's archive has this version no more"; exit 2; }
dpkg -x liblocale-currency-format-perl_*.deb .
cat >look.pl <<'PERL'
use strict;
use warnings;
use Locale::Currency::Format;

for my $code (qw(EUR PLN KWD RSD AZN DZD TND IQD)) {
    undef $Locale::Currency::Format::error;
    my @shown = map { currency_format($code, $_, FMT_STANDARD) // 'undef' } 1234.5, 1.005;
    print "$code: $shown[0] and $shown[1], ", decimal_precision($code), ' decimals, ', $Locale::Currency::Format::error // 'no error', "\n";
}
currency_set('RSD', '#.###,## RSD', FMT_COMMON);
print 'RSD after currency_set: ', currency_format('RSD', 1234.5, FMT_COMMON), "\n";
PERL
seen=$(perl -Iusr/share/perl5 look.pl)
printf 'Locale::Currency::Format 1.35\n%s\n' "$seen"
expected='EUR: 1.234,50 EUR and 1,01 EUR, 2 decimals, no error
PLN: 1 234,50 PLN and 1,01 PLN, 2 decimals, no error
KWD: 1,234.500 KWD and 1.005 KWD, 3 decimals, no error
RSD: 123450 RSD and 101 RSD, 2 decimals, no error
AZN: 123450 AZN and 101 AZN, 2 decimals, no error
DZD: 123450 DZD and 101 DZD, 2 decimals, no error
TND: 1234500 TND and 1005 TND, 3 decimals, no error
IQD: 1234500 IQD and 1005 IQD, 3 decimals, no error
RSD after currency_set: 1.234,50 RSD'
[ "$seen" = "$expected" ]
