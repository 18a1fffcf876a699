#!/usr/bin/env bash
# MQTTnet 5.2.0.1603 (NuGet), its server (MQTTnet.Server), and retained messages of MQTT 5. 3.3.2.3.3: a message whose expiry interval has passed
# is to be deleted for a later subscriber, and one that has waited is sent with what is left of its interval. 3.3.4: what is sent for a
# subscription with an identifier has that identifier.
# Guess before the run: of two messages that were kept for 3 seconds, the one with an interval of 1 is gone, and the other one of 60
# comes with 57 and the identifier 7.
# Seen: both come, with 1 and 60, as they were sent, and without an identifier; a message that is published while the subscription stands has it.
# So an order to a till that should have lapsed is carried out hours later: whoever keeps orders on such a server writes their end
# into the message, and takes the topic to find who handles it.
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
  <ItemGroup><PackageReference Include="MQTTnet.Server" Version="[5.2.0.1603]" /></ItemGroup>
</Project>
XML
cat >Program.cs <<'CS'
using System.Net;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Server;

var port = int.Parse(args[0]);
var options = new MqttServerOptionsBuilder().WithDefaultEndpoint().WithDefaultEndpointPort(port)
    .WithDefaultEndpointBoundIPAddress(IPAddress.Loopback).WithDefaultEndpointBoundIPV6Address(IPAddress.IPv6Loopback).Build();
using var server = new MqttServerFactory().CreateMqttServer(options);
await server.StartAsync();

async Task<IMqttClient> Connect(string id)
{
    var client = new MqttClientFactory().CreateMqttClient();
    await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithClientId(id)
        .WithProtocolVersion(MqttProtocolVersion.V500).Build());
    return client;
}
MqttApplicationMessage Order(string topic, uint seconds, bool retain) => new MqttApplicationMessageBuilder().WithTopic(topic)
    .WithPayload("restart").WithRetainFlag(retain).WithMessageExpiryInterval(seconds).Build();

var sender = await Connect("sender");
await sender.PublishAsync(Order("till/1", 1, true));
await sender.PublishAsync(Order("till/2", 60, true));
await Task.Delay(3000);

var till = await Connect("till");
var seen = new List<string>();
var last = new TaskCompletionSource();
till.ApplicationMessageReceivedAsync += e =>
{
    var message = e.ApplicationMessage;
    var identifiers = string.Join(' ', message.SubscriptionIdentifiers ?? []);
    lock (seen) seen.Add($"{message.Topic}: expiry {message.MessageExpiryInterval}, identifiers [{identifiers}]");
    if (message.Topic == "till/3") last.TrySetResult();
    return Task.CompletedTask;
};
await till.SubscribeAsync(new MqttClientSubscribeOptionsBuilder().WithTopicFilter("till/#").WithSubscriptionIdentifier(7).Build());
await Task.Delay(500);
await sender.PublishAsync(Order("till/3", 60, false));
await Task.WhenAny(last.Task, Task.Delay(10_000));
foreach (var line in seen.Order(StringComparer.Ordinal)) Console.WriteLine(line);
await server.StopAsync();
CS
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet build -v quiet -o out >build.log 2>&1 || { cat build.log; exit 2; }
seen=$(timeout 60 dotnet out/look.dll $((20000 + $$ % 20000)))
printf 'MQTTnet.Server 5.2.0.1603\n%s\n' "$seen"
expected='till/1: expiry 1, identifiers []
till/2: expiry 60, identifiers []
till/3: expiry 60, identifiers [7]'
[ "$seen" = "$expected" ]
