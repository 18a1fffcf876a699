#!/usr/bin/env bash
# xlsx2csv 0.7.8 (Debian 12) and cells that Excel writes for hours and money. ECMA-376, 18.8.30: number format 46 is [h]:mm:ss, elapsed
# hours, and 2 is 0.00; what a cell holds is kept in full, its format is for showing it.
# Guess before the run: 26.5 hours with format 46 are 26:30:00 (or 1.104166...), as a workbook shows them, with [h]:mm of one's own too; prices
# come as the cell has them, or as the workbook shows them: 1.005, 2.675 and 8.325 with 0.00 as 1.01, 2.68 and 8.33.
# Seen: with format 46 whole days are gone, 26.5 hours are 02:30 and 49 are 01:00; with [h]:mm it is a number of days, 1.104167. Prices are
# rounded for the file, from what the binary number is: 1.00, 2.67 and 8.32, a cent less than the workbook shows, and 0.125 is 0.12.
# No word of either, exit code 0. With `--ignore-formats time float` cells come as they are, hours as days: whoever adds up outages or
# takings from such files gives that.
# Debian's package is taken into a temporary folder.
set -euo pipefail
command -v apt-get >/dev/null && [ -x /usr/bin/python3 ] || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq xlsx2csv=1:0.7.8-1 2>/dev/null || { echo "Debian's archive has this version no more"; exit 2; }
dpkg -x xlsx2csv_*.deb .
cat >make.py <<'PY'
from zipfile import ZipFile

office, package = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships', 'http://schemas.openxmlformats.org/package/2006'
main, kind = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main', 'application/vnd.openxmlformats-officedocument.spreadsheetml'
# The styles are: none, 46, [h]:mm, 2.
rows = [[(26.5 / 24, 1), (49 / 24, 1), (26.5 / 24, 2)], [(1.005, 3), (2.675, 3), (8.325, 3), (0.125, 3)]]
sheet = ''.join(
    '<row r="%d">%s</row>' % (y, ''.join('<c r="%s%d" s="%d"><v>%r</v></c>' % ('ABCD'[x], y, style, value) for x, (value, style) in enumerate(row)))
    for y, row in enumerate(rows, 1)
)
parts = {
    '[Content_Types].xml': '<Types xmlns="%s/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="%s.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="%s.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="%s.styles+xml"/></Types>' % (package, kind, kind, kind),
    '_rels/.rels': '<Relationships xmlns="%s/relationships"><Relationship Id="rId1" Type="%s/officeDocument" Target="xl/workbook.xml"/></Relationships>' % (package, office),
    'xl/workbook.xml': '<workbook xmlns="%s" xmlns:r="%s"><workbookPr/><sheets><sheet name="till" sheetId="1" r:id="rId1"/></sheets></workbook>' % (main, office),
    'xl/_rels/workbook.xml.rels': '<Relationships xmlns="%s/relationships"><Relationship Id="rId1" Type="%s/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="%s/styles" Target="styles.xml"/></Relationships>' % (package, office, office),
    'xl/styles.xml': '<styleSheet xmlns="%s"><numFmts count="1"><numFmt numFmtId="164" formatCode="[h]:mm"/></numFmts><fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="46" applyNumberFormat="1"/><xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="2" applyNumberFormat="1"/></cellXfs></styleSheet>' % main,
    'xl/worksheets/sheet1.xml': '<worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (main, sheet),
}
with ZipFile('book.xlsx', 'w') as book:
    for name, text in parts.items():
        book.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>\n' + text)
PY
/usr/bin/python3 make.py
read_with() { /usr/bin/python3 -W ignore usr/share/xlsx2csv/xlsx2csv.py book.xlsx "$@"; }
seen=$(read_with; echo 'without formats:'; read_with --ignore-formats time float)
printf 'xlsx2csv 0.7.8\n%s\n' "$seen"
expected='02:30,01:00,1.104167
1.00,2.67,8.32,0.12
without formats:
1.1041666666666667,2.0416666666666665,1.1041666666666667
1.005,2.675,8.325,0.125'
[ "$seen" = "$expected" ]
