#!/usr/bin/env bash
# num2words 0.5.10 (Debian 12, python3-num2words) and amounts in words, as invoices and slips of cash paid in have them in Poland and Czechia. Polish: 90 is "dziewięćdziesiąt"; Czech:
# "koruna" is of the feminine gender, 2 Kč are "dvě koruny" ("dva" is for men and masculine things).
# Guess before the run: the words as they are spelled.
# Seen: 90 is "dziewięćdzisiąt", a word that is not, in each Polish number and amount with 90 to 99 in it, while 80 is right; two crowns are "dva koruny", and so it is with 22.
# No error is set.
# Whoever prints slips by it puts both right in what it gives.
# Debian's package is taken into a temporary folder; Python is Debian 12's own.
set -euo pipefail
command -v apt-get >/dev/null && [ -x /usr/bin/python3 ] || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq python3-num2words=0.5.10-2 2>/dev/null || { echo "Debian's archive has this version no more"; exit 2; }
dpkg -x python3-num2words_*.deb .
seen=$(PYTHONPATH=usr/lib/python3/dist-packages PYTHONIOENCODING=utf-8 /usr/bin/python3 -W ignore -c '
from num2words import num2words

for number in (80, 90, 94):
    print("pl", number, num2words(number, lang="pl"))
for lang, currency, amount in (("pl", "PLN", 19.9), ("cz", "CZK", 1.0), ("cz", "CZK", 2.0), ("cz", "CZK", 22.0), ("pl", "PLN", 1290.92)):
    print(lang, amount, num2words(amount, lang=lang, to="currency", currency=currency))
')
printf 'num2words 0.5.10\n%s\n' "$seen"
expected='pl 80 osiemdziesiąt
pl 90 dziewięćdzisiąt
pl 94 dziewięćdzisiąt cztery
pl 19.9 dziewiętnaście złotych, dziewięćdzisiąt groszy
cz 1.0 jedna koruna, nula haléřů
cz 2.0 dva koruny, nula haléřů
cz 22.0 dvacet dva koruny, nula haléřů
pl 1290.92 tysiąc dwieście dziewięćdzisiąt złotych, dziewięćdzisiąt dwa grosze'
[ "$seen" = "$expected" ]
