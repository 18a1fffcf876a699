#!/usr/bin/env bash
# YamlDotNet 18.1.0 (NuGet), as till applications in .NET write their settings with it, and what yaml 2.9.1 (npm) reads from that.
# Guess before the run: texts that another reader would take for numbers or null are put in quotes, so that they stay texts;
# a key that stands twice is an error (YAML 1.2, 3.2.1.3); and `<<: *name` is merged.
# Seen: none of the texts is in quotes, so the till "1e3" is 1000 for the reader, "0123" is 123, "0x1F" is 31 and "null" is no
# text at all; of a key that stands twice the last one counts; and `<<` is a key like others. (Its builder has
# WithQuotingNecessaryStrings and WithDuplicateKeyChecking, and MergingParser is to be put around the parser.)
# Needs a .NET SDK of 8 or later, and npm.
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
  <ItemGroup><PackageReference Include="YamlDotNet" Version="[18.1.0]" /></ItemGroup>
</Project>
XML
cat >Program.cs <<'CS'
using YamlDotNet.Serialization;

var texts = new Dictionary<string, string> { ["till"] = "1e3", ["store"] = "0123", ["lane"] = "0x1F", ["name"] = "null", ["at"] = "08:30" };
File.WriteAllText("texts.yaml", new SerializerBuilder().Build().Serialize(texts));
var reader = new DeserializerBuilder().Build();
var twice = reader.Deserialize<Dictionary<string, string>>("a: 1\na: 2\n");
var merged = reader.Deserialize<Dictionary<string, Dictionary<string, object>>>("a: &x {b: 1}\nc: {<<: *x, d: 2}\n");
Console.WriteLine($"twice: {twice["a"]}");
Console.WriteLine($"merged: {string.Join(' ', merged["c"].Keys)}");
CS
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet build -v quiet -o out >build.log 2>&1 || { cat build.log; exit 2; }
npm init -y >/dev/null
npm install --silent --no-audit --no-fund yaml@2.9.1 >/dev/null
seen=$(
  dotnet out/look.dll
  node -e 'console.log("read: " + JSON.stringify(require("yaml").parse(require("fs").readFileSync("texts.yaml", "utf8"))))'
)
printf 'YamlDotNet 18.1.0, yaml 2.9.1\n%s\n' "$seen"
expected='twice: 2
merged: << d
read: {"till":1000,"store":123,"lane":31,"name":null,"at":"08:30"}'
[ "$seen" = "$expected" ]
