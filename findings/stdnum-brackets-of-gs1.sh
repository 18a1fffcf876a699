#!/usr/bin/env bash
# python3-stdnum 1.18 (Debian 12), stdnum.gs1_128, and what stands under the bars of a box: numbers of fields in brackets, "(01)05901234123457(10)A12(17)261231". GS1 General
# Specifications, 4.14: brackets go around each field's number in the line for people, and are not in the bars, where what is of variable length ends with FNC1. Its page
# reads such lines in its examples ("(01)38425876095074(17)181119(37)1"), and encode() writes them (parentheses=True).
# Guess before the run: each field as it stands in brackets; is_valid() with a separator says of the bars what validate() says.
# Seen: the brackets are thrown away before anything is read, so that a lot, which has room for 20 characters, takes what follows: lot "A1217261231", and no date by
# which the box is to be sold. validate() says it is right. encode() writes a lot before a serial number with spaces up to 20, which no code of
# GS1 may hold (7.11, character set 82). With a separator all is read as it should be, but is_valid() does not hand it on and says no.
# Whoever reads such a line by it puts a separator in front of each bracket and says so to info(); of validity, validate() is asked.
# Debian's package is taken into a temporary folder; Python is Debian 12's own.
set -euo pipefail
command -v apt-get >/dev/null && [ -x /usr/bin/python3 ] || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq python3-stdnum=1.18-1 2>/dev/null || { echo "Debian's archive has this version no more"; exit 2; }
dpkg -x python3-stdnum_*.deb .
cat >look.py <<'PY'
from stdnum import gs1_128


def told(code, **how):
    try:
        return ', '.join(f'{name}={value}' for name, value in gs1_128.info(code, **how).items()) + f'; valid: {gs1_128.is_valid(code, **how)}'
    except Exception as error:
        return type(error).__name__


for code in [
    '(01)05901234123457(17)261231(10)A12',
    '(01)05901234123457(10)A12(17)261231',
    '(01)05901234123457(10)A12(21)007',
    '(01)05901234123457(10)A12(3103)001250',
]:
    print(f'{code}: {told(code)}')
    # FNC1 in front of each field but the first.
    parted = code[0] + code[1:].replace('(', '\x1d(')
    print(f'  with a separator: {told(parted, separator=chr(0x1d))}')
print('written:', gs1_128.encode({'01': '05901234123457', '10': 'A12', '21': '007'}, parentheses=True))
PY
seen=$(PYTHONPATH=usr/lib/python3/dist-packages /usr/bin/python3 look.py)
printf 'python3-stdnum 1.18\n%s\n' "$seen"
expected='(01)05901234123457(17)261231(10)A12: 01=05901234123457, 17=2026-12-31, 10=A12; valid: True
  with a separator: 01=05901234123457, 17=2026-12-31, 10=A12; valid: False
(01)05901234123457(10)A12(17)261231: 01=05901234123457, 10=A1217261231; valid: True
  with a separator: 01=05901234123457, 10=A12, 17=2026-12-31; valid: False
(01)05901234123457(10)A12(21)007: 01=05901234123457, 10=A1221007; valid: True
  with a separator: 01=05901234123457, 10=A12, 21=007; valid: False
(01)05901234123457(10)A12(3103)001250: 01=05901234123457, 10=A123103001250; valid: True
  with a separator: 01=05901234123457, 10=A12, 310=1.250; valid: False
written: (01)05901234123457(10)A12                 (21)007'
[ "$seen" = "$expected" ]
