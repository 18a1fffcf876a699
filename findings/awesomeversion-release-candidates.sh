#!/usr/bin/env bash
# AwesomeVersion 22.9.0 (Debian 12, python3-awesomeversion) and versions of firmware before a release. Semantic Versioning 2.0.0, 11.4: identifiers behind the hyphen are
# compared from left to right, digits by their number; digits are lower than words; where all are the same, the longer list is the higher one.
# Guess before the run: what SemVer says, since it calls these versions SemVer itself: 1.0.0-alpha < 1.0.0-alpha.1 < 1.0.0-alpha.beta (SemVer's own example), and
# 1.0.0-2 < 1.0.0-10.
# Seen: 1.0.0-alpha is both lower and higher than 1.0.0-alpha.1, and the other way round. Of 1.0.0-alpha.1 and 1.0.0-alpha.beta, and of 1.0.0-2 and 1.0.0-10, each is neither
# lower, nor higher, nor the same, so that an update "if newer" never comes. rc.2 and rc.10 are right.
# Whoever decides by it which tills get a firmware compares releases alone, or takes names with a number behind them on both sides.
# Debian's package is taken into a temporary folder.
set -euo pipefail
command -v apt-get >/dev/null && [ -x /usr/bin/python3 ] || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download python3-awesomeversion=22.9.0-1 >/dev/null 2>&1
dpkg-deb -x python3-awesomeversion_*.deb there
cat >look.py <<'PY'
from awesomeversion import AwesomeVersion

pairs = [
    ("1.0.0-alpha", "1.0.0-alpha.1"),
    ("1.0.0-alpha.1", "1.0.0-alpha"),
    ("1.0.0-alpha.1", "1.0.0-alpha.beta"),
    ("1.0.0-2", "1.0.0-10"),
    ("1.0.0-rc.2", "1.0.0-rc.10"),
    ("1.0.0-rc.10", "1.0.0"),
]
for left, right in pairs:
    a, b = AwesomeVersion(left), AwesomeVersion(right)
    held = [sign for sign, holds in (("<", a < b), (">", a > b), ("=", a == b)) if holds]
    print(f"{left} and {right} ({a.strategy.value}): {' and '.join(held) or 'none'}")
PY
seen=$(PYTHONPATH=there/usr/lib/python3/dist-packages /usr/bin/python3 look.py)
printf 'AwesomeVersion 22.9.0\n%s\n' "$seen"
expected='1.0.0-alpha and 1.0.0-alpha.1 (SemVer): < and >
1.0.0-alpha.1 and 1.0.0-alpha (SemVer): < and >
1.0.0-alpha.1 and 1.0.0-alpha.beta (SemVer): none
1.0.0-2 and 1.0.0-10 (SemVer): none
1.0.0-rc.2 and 1.0.0-rc.10 (SemVer): <
1.0.0-rc.10 and 1.0.0 (SemVer): <'
[ "$seen" = "$expected" ]
