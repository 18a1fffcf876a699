#!/usr/bin/env bash
# cron-to-quartz 1.4.15 (npm) and Quartz.NET 4.7.3 (NuGet), where two meet: crontab(5) has two numbers for Sunday, 0 and 7, and ranges of work
# days that end with it are written 6-7 or 5-7. Quartz counts 1 to 7 from Sunday on. The package adds one to each number, so that 7 becomes 8,
# which is no day for Quartz: the whole schedule is refused, and what was to run each Sunday night never does.
# Guess before the run: 0 and 7 lead to the same day. Seen: 0 leads to Sunday; each expression with a 7 in it is refused by Quartz.
set -eu
command -v dotnet >/dev/null || { echo "needs a .NET SDK"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export TZ=UTC
npm init -y >/dev/null
npm install --silent --no-audit --no-fund cron-to-quartz@1.4.15 >/dev/null
cat >look.csproj <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net$(dotnet --version | cut -d. -f1).0</TargetFramework>
    <InvariantGlobalization>true</InvariantGlobalization>
  </PropertyGroup>
  <ItemGroup><PackageReference Include="Quartz" Version="4.7.3" /></ItemGroup>
</Project>
XML
cat >Look.cs <<'CS'
using System;
using Quartz;

foreach (var text in args)
{
    var saturday = new DateTimeOffset(2026, 5, 2, 12, 0, 0, TimeSpan.Zero);
    string day;
    try
    {
        day = new CronExpression(text).GetNextValidTimeAfter(saturday)!.Value.DayOfWeek.ToString();
    }
    catch (FormatException)
    {
        day = "refused";
    }
    Console.WriteLine($"{text} -> {day}");
}
CS
dotnet build -v quiet -o out >build.log 2>&1 || { cat build.log; exit 2; }
cat >look.mjs <<'JS'
import { execFileSync } from 'node:child_process'
import quartz from 'cron-to-quartz'

const crons = ['0 3 * * 0', '0 3 * * 7', '0 3 * * 6-7', '0 3 * * 1-5']
const made = crons.map((cron) => quartz.getQuartz(cron)[0].join(' '))
const said = execFileSync('dotnet', ['out/look.dll', ...made], { encoding: 'utf8' }).trim().split('\n')
crons.forEach((cron, index) => console.log(`${cron} -> ${said[index]}`))
JS
seen=$(node look.mjs)
expected='0 3 * * 0 -> 0 0 3 ? * 1 * -> Sunday
0 3 * * 7 -> 0 0 3 ? * 8 * -> refused
0 3 * * 6-7 -> 0 0 3 ? * 7-8 * -> refused
0 3 * * 1-5 -> 0 0 3 ? * 2-6 * -> Monday'
printf 'cron-to-quartz 1.4.15, Quartz.NET 4.7.3\n%s\n' "$seen"
[ "$seen" = "$expected" ]
