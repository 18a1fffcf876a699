#!/usr/bin/env bash
# Ical.Net 5.2.4 (NuGet) and an hour of maintenance each night from 02:30 to 03:30 in Warsaw (DURATION:PT1H) over the nights when clocks
# change. RFC 5545, 3.3.5: a time that does not exist is read with the offset from before the gap, one that comes twice is the
# first; 3.3.6: hours of a duration are exact.
# Guess before the run: it begins at 01:30Z on 2026-03-29 and at 00:30Z on 2026-10-25, and lasts an hour in each night.
# Seen: all begin as guessed; in the night of October it ends when it begins. Whoever asks whether it is going on is told no.
# Needs a .NET SDK of 8 or later.
set -eu
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
  <ItemGroup><PackageReference Include="Ical.Net" Version="[5.2.4]" /></ItemGroup>
</Project>
XML
cat >Program.cs <<'CS'
using Ical.Net;
using Ical.Net.DataTypes;

foreach (var start in new[] { "20260328", "20261024" })
{
    var text = string.Join("\r\n", "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//till//look//EN", "BEGIN:VEVENT", "UID:1",
        $"DTSTART;TZID=Europe/Warsaw:{start}T023000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3", "END:VEVENT", "END:VCALENDAR", "");
    foreach (var one in Calendar.Load(text)!.Events[0]!.GetOccurrences(new CalDateTime(2026, 3, 1)))
        Console.WriteLine($"{one.Period.StartTime.AsUtc:MM-ddTHH:mm}Z to {one.Period.EffectiveEndTime!.AsUtc:HH:mm}Z");
}
CS
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet build -v quiet -o out >build.log 2>&1 || { cat build.log; exit 2; }
seen=$(dotnet out/look.dll)
printf 'Ical.Net 5.2.4\n%s\n' "$seen"
expected='03-28T01:30Z to 02:30Z
03-29T01:30Z to 02:30Z
03-30T00:30Z to 01:30Z
10-24T00:30Z to 01:30Z
10-25T00:30Z to 00:30Z
10-26T01:30Z to 02:30Z'
[ "$seen" = "$expected" ]
