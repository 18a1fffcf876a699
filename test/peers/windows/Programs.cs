using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Microsoft.Win32;

namespace TillWindows {

/// What programs of Windows do to the machine, which is in memory; what they print stands in programs/.
public static class WinPrograms {
  const string Services = "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\";
  const string Uninstall = "HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\";

  public static void Run(string program, string line) {
    Machine.Calls.Add(program + " " + line);
    var words = Words(line);
    if (program == "sc.exe" && words.Length > 2) Sc(words);
    if (program == "msiexec.exe" && words.Length > 1) Msi(words);
  }

  /// As CommandLineToArgvW takes a line apart: https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments
  static string[] Words(string line) {
    var words = new List<string>();
    foreach (Match match in Regex.Matches(line, "\"((?:[^\"\\\\]|\\\\.)*)\"|(\\S+)")) words.Add(match.Groups[1].Success ? Regex.Replace(match.Groups[1].Value, "\\\\\"", "\"") : match.Groups[2].Value);
    return words.ToArray();
  }

  // https://learn.microsoft.com/windows-server/administration/windows-commands/sc-config
  static void Sc(string[] words) {
    var key = Services + words[1];
    for (var i = 2; i + 1 < words.Length; i++) {
      var value = words[i + 1];
      if (words[i] == "start=") {
        WinRegistry.Set(key, "Start", new Dictionary<string, int> { ["auto"] = 2, ["delayed-auto"] = 2, ["demand"] = 3, ["disabled"] = 4 }[value], RegistryValueKind.DWord);
        WinRegistry.Set(key, "DelayedAutostart", value == "delayed-auto" ? 1 : 0, RegistryValueKind.DWord);
      }
      if (words[i] == "reset=" && i + 3 < words.Length) WinRegistry.Set(key, "FailureActions", Actions(int.Parse(value), words[i + 3]), RegistryValueKind.Binary);
    }
  }

  // SERVICE_FAILURE_ACTIONS: https://learn.microsoft.com/windows/win32/api/winsvc/ns-winsvc-service_failure_actionsw
  static byte[] Actions(int reset, string text) {
    var parts = text.Split('/');
    var numbers = new List<int> { reset, 0, 0, parts.Length / 2, 20 };
    for (var i = 0; i + 1 < parts.Length; i += 2) { numbers.Add(parts[i] == "restart" ? 1 : 0); numbers.Add(int.Parse(parts[i + 1])); }
    return numbers.SelectMany(BitConverter.GetBytes).ToArray();
  }

  // An MSI here is a text: NAME|VERSION. https://learn.microsoft.com/windows/win32/msi/command-line-options
  static void Msi(string[] words) {
    if (File.Exists(Machine.Here("C:\\Windows\\System32\\msiexec.exit"))) return;
    if (words[0] == "/x") { WinRegistry.At(Uninstall.TrimEnd('\\'), true).DeleteSubKeyTree(words[1], false); return; }
    var parts = File.ReadAllText(Machine.Here(words[1])).Trim().Split('|');
    var key = Uninstall + "{11111111-2222-3333-4444-" + Math.Abs(parts[0].Length).ToString("D12") + "}";
    WinRegistry.Set(key, "DisplayName", parts[0], RegistryValueKind.String);
    WinRegistry.Set(key, "DisplayVersion", parts[1], RegistryValueKind.String);
    WinRegistry.Set(key, "WindowsInstaller", 1, RegistryValueKind.DWord);
  }
}
}
