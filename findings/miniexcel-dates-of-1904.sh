#!/usr/bin/env bash
# MiniExcel 1.46.0 (NuGet) and a workbook whose dates count from 1904, as Excel for Mac made them by default up to 2008 and each copy of such a
# book since. ECMA-376, 18.2.28: `date1904` of workbookPr says from when the dates of a book count; 18.17.4.1: by it the number 0 is
# 1904-01-01, otherwise 1899-12-31 or the day before.
# Guess before the run: 44895 and 44894.854166666664 of such a book are 2026-12-01 and 2026-11-30 20:30, as read-excel-file 9.3.17 (npm), which
# stands beside it, reads them too.
# Seen: MiniExcel does not look at `date1904`: 2022-11-30 and 2022-11-29 20:30, 1,462 days early, no word said. A time span ([h]:mm:ss)
# is right. So prices and promotions of next month begin four years ago; whoever takes workbooks from shops compares one date with a text.
# Needs a .NET SDK of 8 or later, and npm.
set -euo pipefail
command -v dotnet >/dev/null || { echo "needs a .NET SDK"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >look.csproj <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net$(dotnet --version | cut -d. -f1).0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
  </PropertyGroup>
  <ItemGroup><PackageReference Include="MiniExcel" Version="[1.46.0]" /></ItemGroup>
</Project>
XML
cat >Program.cs <<'CS'
using System.IO.Compression;
using MiniExcelLibs;

const string Office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const string Package = "http://schemas.openxmlformats.org/package/2006";
const string Main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const string Kind = "application/vnd.openxmlformats-officedocument.spreadsheetml";
using (var book = ZipFile.Open("book.xlsx", ZipArchiveMode.Create))
{
    void Put(string name, string text)
    {
        using var writer = new StreamWriter(book.CreateEntry(name).Open());
        writer.Write("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + text);
    }
    Put("[Content_Types].xml", $"<Types xmlns=\"{Package}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"{Kind}.sheet.main+xml\"/><Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"{Kind}.worksheet+xml\"/><Override PartName=\"/xl/styles.xml\" ContentType=\"{Kind}.styles+xml\"/></Types>");
    Put("_rels/.rels", $"<Relationships xmlns=\"{Package}/relationships\"><Relationship Id=\"rId1\" Type=\"{Office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>");
    Put("xl/workbook.xml", $"<workbook xmlns=\"{Main}\" xmlns:r=\"{Office}\"><workbookPr date1904=\"1\"/><sheets><sheet name=\"till\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>");
    Put("xl/_rels/workbook.xml.rels", $"<Relationships xmlns=\"{Package}/relationships\"><Relationship Id=\"rId1\" Type=\"{Office}/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" Type=\"{Office}/styles\" Target=\"styles.xml\"/></Relationships>");
    Put("xl/styles.xml", $"<styleSheet xmlns=\"{Main}\"><fonts count=\"1\"><font/></fonts><fills count=\"1\"><fill/></fills><borders count=\"1\"><border/></borders><cellStyleXfs count=\"1\"><xf/></cellStyleXfs><cellXfs count=\"3\"><xf numFmtId=\"14\" applyNumberFormat=\"1\"/><xf numFmtId=\"22\" applyNumberFormat=\"1\"/><xf numFmtId=\"46\" applyNumberFormat=\"1\"/></cellXfs></styleSheet>");
    Put("xl/worksheets/sheet1.xml", $"<worksheet xmlns=\"{Main}\"><sheetData><row r=\"1\"><c r=\"A1\" s=\"0\"><v>44895</v></c><c r=\"B1\" s=\"1\"><v>44894.854166666664</v></c><c r=\"C1\" s=\"2\"><v>1.1041666666666667</v></c></row></sheetData></worksheet>");
}
var row = ((IEnumerable<dynamic>)MiniExcel.Query("book.xlsx")).Cast<IDictionary<string, object>>().Single();
Console.WriteLine($"MiniExcel: {row["A"]:yyyy-MM-dd}, {row["B"]:yyyy-MM-dd HH:mm}, {row["C"]}");
CS
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet build -v quiet -o out >build.log 2>&1 || { cat build.log; exit 2; }
npm init -y >/dev/null
npm install --silent --no-audit --no-fund read-excel-file@9.3.17 >/dev/null
cat >look.mjs <<'JS'
import { readSheet } from 'read-excel-file/node'

const [[day, at]] = await readSheet('book.xlsx')
// Its times come a millisecond early.
const told = (date, length) => new Date(date.getTime() + 1).toISOString().replace('T', ' ').slice(0, length)
console.log(`read-excel-file: ${told(day, 10)}, ${told(at, 16)}`)
JS
seen=$(dotnet out/look.dll; node look.mjs)
printf 'MiniExcel 1.46.0, read-excel-file 9.3.17\n%s\n' "$seen"
expected='MiniExcel: 2022-11-30, 2022-11-29 20:30, 1.02:30:00
read-excel-file: 2026-12-01, 2026-11-30 20:30'
[ "$seen" = "$expected" ]
