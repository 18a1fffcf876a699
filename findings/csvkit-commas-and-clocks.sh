#!/usr/bin/env bash
# csvkit 1.0.7 (Debian 12, python3-csvkit with agate 1.6.3) and a list of takings as spreadsheets in Poland write it: semicolons between cells, commas
# in amounts, days before months.
# Guess before the run, with `-d ';'`: amounts that are no numbers in English stay texts, or an error; 09:30 is half past nine; 03.12.2026 is 3 December, with
# full stops as nobody writes months first; tills 1 and 0 are numbers, as they would be with a till 2.
# Seen: commas are taken out, so 1250,50 is 125050 and the sum of a day a hundred times too much; 09:30 is nine minutes and a half; the date is
# 12 March, and a text as soon as the column has a 13th; tills are true and false. Not a word of any of it, exit code 0.
# `--locale pl_PL` mends the amounts alone. Whoever adds up with it gives `--no-inference` (-I), and makes numbers of what is one.
# Debian's packages are taken into a temporary folder.
set -euo pipefail
command -v apt-get >/dev/null && [ -x /usr/bin/python3 ] || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq python3-csvkit=1.0.7-1 python3-agate=1.6.3-2 python3-agateexcel python3-agatesql python3-agatedbf python3-leather python3-pytimeparse \
  python3-parsedatetime python3-slugify python3-isodate python3-babel python-babel-localedata python3-tz python3-six python3-text-unidecode python3-future \
  2>/dev/null || { echo "Debian's archive has these versions no more"; exit 2; }
for package in *.deb; do dpkg -x "$package" .; done
ln -sfn "$folder/usr/share/python-babel-localedata/locale-data" usr/lib/python3/dist-packages/babel/locale-data
cat >takings.csv <<'CSV'
till;day;opened;takings
1;03.12.2026;09:30;1250,50
0;04.12.2026;10:00;980,00
CSV
read_with() { PYTHONPATH=$folder/usr/lib/python3/dist-packages /usr/bin/python3 -W ignore -c "from csvkit.utilities.$1 import launch_new_instance as run; run()" "${@:2}" -d ';' takings.csv; }
seen=$(read_with csvjson --stream; read_with csvstat -c takings --sum; echo 'pl_PL:'; read_with csvjson --stream --locale pl_PL; echo 'without inference:'; read_with csvjson --stream -I)
printf 'csvkit 1.0.7\n%s\n' "$seen"
expected='{"till": true, "day": "2026-03-12", "opened": "0:09:30", "takings": 125050.0}
{"till": false, "day": "2026-04-12", "opened": "0:10:00", "takings": 98000.0}
223050
pl_PL:
{"till": true, "day": "2026-03-12", "opened": "0:09:30", "takings": 1250.5}
{"till": false, "day": "2026-04-12", "opened": "0:10:00", "takings": 980.0}
without inference:
{"till": "1", "day": "03.12.2026", "opened": "09:30", "takings": "1250,50"}
{"till": "0", "day": "04.12.2026", "opened": "10:00", "takings": "980,00"}'
[ "$seen" = "$expected" ]
