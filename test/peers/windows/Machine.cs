// What stands in for Windows under a real PowerShell: .NET types that work on Windows only, or work otherwise there.
// Each answers as its page in the .NET documentation says for .NET Framework 4.8; the addresses stand beside them.
using System;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace TillWindows {

/// The machine as one process sees it: drives are folders under Root, the rest is in memory.
public static class Machine {
  public static string Root = "";
  public static string Module = "";
  public static readonly Dictionary<string, string> Owners = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
  public static readonly Dictionary<string, string> Sddl = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
  /// Instances that Get-CimInstance answers with, by class.
  public static readonly Dictionary<string, ArrayList> Cim = new Dictionary<string, ArrayList>(StringComparer.OrdinalIgnoreCase);
  public static readonly ArrayList Events = new ArrayList();
  public static readonly Dictionary<string, string> Tasks = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
  public static readonly List<System.Security.Cryptography.X509Certificates.X509Certificate2> Certificates = new List<System.Security.Cryptography.X509Certificates.X509Certificate2>();
  /// What a call named here throws: `Get-Service Spooler` -> a message.
  public static readonly Dictionary<string, string> Refuses = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
  public static readonly ArrayList Calls = new ArrayList();

  public static void Begin(string root, string module) {
    Root = root.TrimEnd('/');
    Module = module;
    var accelerators = typeof(PSObject).Assembly.GetType("System.Management.Automation.TypeAccelerators");
    var add = accelerators.GetMethod("Add");
    foreach (var pair in new Dictionary<string, Type> {
      ["IO.Path"] = typeof(WinPath), ["IO.File"] = typeof(WinFile), ["IO.Directory"] = typeof(WinDirectory),
      ["IO.FileInfo"] = typeof(WinFileInfo), ["IO.DirectoryInfo"] = typeof(WinDirectoryInfo), ["IO.DriveInfo"] = typeof(WinDrive),
      ["IO.FileStream"] = typeof(WinFileStream), ["Environment"] = typeof(WinEnvironment),
      ["Diagnostics.Process"] = typeof(WinProcess), ["Management.Automation.Runspaces.InitialSessionState"] = typeof(WinSessionState),
      ["Microsoft.Win32.RegistryKey"] = typeof(WinRegistryKey), ["Microsoft.Win32.Registry"] = typeof(WinRegistry),
      ["Security.Principal.NTAccount"] = typeof(WinAccount), ["Security.Principal.SecurityIdentifier"] = typeof(WinSid),
      ["Security.Principal.WindowsIdentity"] = typeof(WinIdentity), ["Security.Principal.WindowsPrincipal"] = typeof(WinPrincipal),
      ["Security.AccessControl.FileSecurity"] = typeof(WinRights), ["Security.AccessControl.DirectorySecurity"] = typeof(WinRights),
      ["Security.Cryptography.X509Certificates.X509Store"] = typeof(WinStore),
    }) { add.Invoke(null, new object[] { pair.Key, pair.Value }); add.Invoke(null, new object[] { "System." + pair.Key, pair.Value }); }
    WinRegistry.Fill();
    WinService.Fill();
  }

  /// A path of Windows as it is here, whatever the case of its letters; others are left, but for their separators.
  public static string Here(string path) {
    if (path == null) return null;
    if (path.Length < 2 || path[1] != ':') return path.StartsWith("/") ? path.Replace('\\', '/') : path;
    var at = Root + "/" + char.ToUpperInvariant(path[0]);
    foreach (var part in path.Substring(2).Split(new[] { '\\', '/' }, StringSplitOptions.RemoveEmptyEntries)) {
      var next = at + "/" + part;
      if (!File.Exists(next) && !Directory.Exists(next) && Directory.Exists(at)) {
        next = Directory.GetFileSystemEntries(at).FirstOrDefault(one => string.Equals(Path.GetFileName(one), part, StringComparison.OrdinalIgnoreCase)) ?? next;
      }
      at = next;
    }
    return at;
  }

  public static string There(string path) {
    if (!path.StartsWith(Root + "/")) return path;
    var rest = path.Substring(Root.Length + 1);
    return rest[0] + ":\\" + (rest.Length > 2 ? rest.Substring(2).Replace('/', '\\') : "");
  }

  public static ArrayList Instances(string name) {
    if (!Cim.ContainsKey(name)) Cim[name] = new ArrayList();
    return Cim[name];
  }
}

/// Every session that the runner opens has the module of stand-ins.
public static class WinSessionState {
  public static InitialSessionState CreateDefault2() {
    var state = InitialSessionState.CreateDefault2();
    state.ImportPSModule(new[] { Machine.Module });
    return state;
  }
}

// https://learn.microsoft.com/dotnet/api/system.environment (SystemDirectory: "C:\Windows\System32")
public static class WinEnvironment {
  public static string SystemDirectory => "C:\\Windows\\System32";
  public static string MachineName => "POS1";
  public static int ProcessorCount => Environment.ProcessorCount;
  public static string CommandLine => Environment.CommandLine;
  public static bool Is64BitOperatingSystem => true;
  public static bool Is64BitProcess => !WinRegistry.Narrow;
  public static string NewLine => "\r\n";
  public static IDictionary GetEnvironmentVariables() => Environment.GetEnvironmentVariables();
  public static string GetEnvironmentVariable(string name) => Environment.GetEnvironmentVariable(name);
  public static string[] GetCommandLineArgs() => Environment.GetCommandLineArgs();
  public static void SetEnvironmentVariable(string name, string text) => Environment.SetEnvironmentVariable(name, text);
  public static void Exit(int code) => Environment.Exit(code);
}

/// A file name without a folder is looked for in System32, as CreateProcess does.
public class WinProcess : System.Diagnostics.Process {
  static void Translate(System.Diagnostics.ProcessStartInfo info) {
    var name = info.FileName;
    if (name.IndexOfAny(new[] { '\\', '/' }) < 0) {
      var known = Machine.Here("C:\\Windows\\System32\\" + name);
      if (File.Exists(known)) name = known;
    }
    info.FileName = Machine.Here(name);
    if (!string.IsNullOrEmpty(info.WorkingDirectory)) info.WorkingDirectory = Machine.Here(info.WorkingDirectory);
    info.Environment["TILL_WINDOWS"] = Machine.Root;
    WinPrograms.Run(WinPath.GetFileName(name).ToLowerInvariant(), info.Arguments);
  }
  public new bool Start() { Translate(StartInfo); return base.Start(); }
  /// Exit codes have 32 bits there: a program here puts one that is larger than a byte beside itself.
  public new int ExitCode => File.Exists(StartInfo.FileName + ".code") ? int.Parse(File.ReadAllText(StartInfo.FileName + ".code")) : base.ExitCode;
  public static new System.Diagnostics.Process Start(System.Diagnostics.ProcessStartInfo info) { Translate(info); return System.Diagnostics.Process.Start(info); }
  public static new System.Diagnostics.Process[] GetProcessesByName(string name) => System.Diagnostics.Process.GetProcessesByName(name);
  public static new System.Diagnostics.Process GetCurrentProcess() => System.Diagnostics.Process.GetCurrentProcess();
}
}
