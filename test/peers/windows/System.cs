using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using Microsoft.Win32;

namespace TillWindows {

// https://learn.microsoft.com/dotnet/api/microsoft.win32.registrykey : names know no case, GetValue answers null for none.
public class WinRegistryKey {
  public readonly SortedDictionary<string, WinRegistryKey> Keys = new SortedDictionary<string, WinRegistryKey>(StringComparer.OrdinalIgnoreCase);
  public readonly SortedDictionary<string, KeyValuePair<RegistryValueKind, object>> Values = new SortedDictionary<string, KeyValuePair<RegistryValueKind, object>>(StringComparer.OrdinalIgnoreCase);
  static readonly Dictionary<string, WinRegistryKey> Bases = new Dictionary<string, WinRegistryKey>();

  public static WinRegistryKey OpenBaseKey(RegistryHive hive, RegistryView view) {
    // Both views in one, but for what is asked of the 32-bit one: that is empty unless something is put there.
    var name = hive + (view == RegistryView.Registry32 ? " 32" : "");
    if (!Bases.ContainsKey(name)) Bases[name] = new WinRegistryKey();
    return Bases[name];
  }
  public WinRegistryKey OpenSubKey(string path) {
    var key = this;
    foreach (var part in path.Split('\\')) if (part != "" && !key.Keys.TryGetValue(part, out key)) return null;
    return key;
  }
  public WinRegistryKey CreateSubKey(string path) {
    var key = this;
    foreach (var part in path.Split('\\')) {
      if (part == "") continue;
      if (!key.Keys.ContainsKey(part)) key.Keys[part] = new WinRegistryKey();
      key = key.Keys[part];
    }
    return key;
  }
  public void DeleteSubKeyTree(string path, bool mustBeThere) {
    var at = path.LastIndexOf('\\');
    var above = at < 0 ? this : OpenSubKey(path.Substring(0, at));
    if (above == null || !above.Keys.Remove(path.Substring(at + 1))) if (mustBeThere) throw new ArgumentException("Cannot delete a subkey tree because the subkey does not exist.");
  }
  public string[] GetValueNames() => Values.Keys.ToArray();
  public string[] GetSubKeyNames() => Keys.Keys.ToArray();
  public RegistryValueKind GetValueKind(string name) => Values[name].Key;
  public object GetValue(string name) => Values.TryGetValue(name, out var value) ? value.Value : null;
  public object GetValue(string name, object otherwise, RegistryValueOptions options) => Values.TryGetValue(name, out var value) ? value.Value : otherwise;
  public void SetValue(string name, object data, RegistryValueKind kind) {
    if (kind == RegistryValueKind.DWord) data = Convert.ToInt32(data);
    if (kind == RegistryValueKind.QWord) data = Convert.ToInt64(data);
    Values[name] = new KeyValuePair<RegistryValueKind, object>(kind, data);
  }
  public void DeleteValue(string name, bool mustBeThere) { if (!Values.Remove(name) && mustBeThere) throw new ArgumentException("No value exists with that name."); }
  public void Close() { }
  public void Dispose() { }
}

public static class WinRegistry {
  /// A process of 32 bits, which is led to Wow6432Node: https://learn.microsoft.com/windows/win32/winprog64/shared-registry-keys
  public static bool Narrow;
  public static WinRegistryKey At(string path, bool make) {
    var parts = path.Replace("HKEY_LOCAL_MACHINE", "HKLM").Split(new[] { ':' }, 2);
    var hive = parts[0].ToUpperInvariant() == "HKCU" ? RegistryHive.CurrentUser : RegistryHive.LocalMachine;
    var rest = parts.Length > 1 ? parts[1].TrimStart('\\') : "";
    var other = Narrow && rest.StartsWith("SOFTWARE\\", StringComparison.OrdinalIgnoreCase) && !rest.Contains("Windows NT\\CurrentVersion");
    var root = WinRegistryKey.OpenBaseKey(hive, other ? RegistryView.Registry32 : RegistryView.Registry64);
    return make ? root.CreateSubKey(rest) : root.OpenSubKey(rest);
  }
  public static void Set(string path, string name, object data, RegistryValueKind kind) => At(path, true).SetValue(name, data, kind);
  static void Text(string path, string name, string text) => Set(path, name, text, RegistryValueKind.String);
  static void Number(string path, string name, int number) => Set(path, name, number, RegistryValueKind.DWord);

  /// Of a Polish Windows 10 IoT Enterprise LTSC 2021, as far as it is asked for.
  public static void Fill() {
    const string current = "HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";
    const string control = "HKLM:\\SYSTEM\\CurrentControlSet\\Control\\";
    Text(current, "CurrentBuildNumber", "19044");
    Text(current, "CurrentVersion", "6.3");
    Text(current, "ProductName", "Windows 10 IoT Enterprise LTSC 2021");
    Text(current, "EditionID", "IoTEnterpriseS");
    Number(current, "CurrentMajorVersionNumber", 10);
    Number(current, "UBR", 4291);
    // https://learn.microsoft.com/windows/win32/intl/code-page-identifiers
    Text(control + "Nls\\CodePage", "OEMCP", "852");
    Text(control + "Nls\\CodePage", "ACP", "1250");
    At(control + "Session Manager", true);
    Number(control + "Session Manager\\Memory Management\\PrefetchParameters", "BootId", 17);
    Text(control + "ComputerName\\ActiveComputerName", "ComputerName", "POS1");
    Text(control + "ComputerName\\ComputerName", "ComputerName", "POS1");
    Text("HKLM:\\SOFTWARE\\Microsoft\\Cryptography", "MachineGuid", "0f1a4e54-5e0c-4fd5-9c5b-6a1f3a1f9d11");
  }
}

// https://learn.microsoft.com/dotnet/api/system.serviceprocess.servicecontrollerstatus
public enum ServiceControllerStatus { Stopped = 1, StartPending, StopPending, Running, ContinuePending, PausePending, Paused }

// https://learn.microsoft.com/dotnet/api/system.serviceprocess.servicecontroller
public class WinService {
  public static readonly Dictionary<string, WinService> All = new Dictionary<string, WinService>(StringComparer.OrdinalIgnoreCase);
  public string ServiceName { get; set; }
  public string Name => ServiceName;
  public string DisplayName { get; set; }
  public ServiceControllerStatus Status { get; set; }
  public List<string> Needs = new List<string>();
  public string StartFails = "";
  /// So many starts fail; -1: all of them, if StartFails says why.
  public int FailTimes = -1;
  public int Stops = 0;
  /// What its state becomes while somebody looks: each Refresh takes one.
  public readonly Queue<ServiceControllerStatus> Becomes = new Queue<ServiceControllerStatus>();
  public void Refresh() { if (Becomes.Count > 0) Status = Becomes.Dequeue(); }
  public void Continue() { if (Status != ServiceControllerStatus.Paused) throw Cannot("resume", 1062); Status = ServiceControllerStatus.Running; }
  // ERROR_SERVICE_CANNOT_ACCEPT_CTRL (1061), ERROR_SERVICE_DISABLED (1058): https://learn.microsoft.com/windows/win32/debug/system-error-codes--1000-1299-
  InvalidOperationException Cannot(string what, int code) => new InvalidOperationException("Cannot " + what + " service " + ServiceName + " on computer '.'.", new System.ComponentModel.Win32Exception(code, "error " + code));
  public WinService[] DependentServices => All.Values.Where(one => one.Needs.Contains(ServiceName)).SelectMany(one => one.DependentServices.Append(one)).Distinct().ToArray();
  public void WaitForStatus(ServiceControllerStatus status, TimeSpan limit) {
    if (Status != status) throw new TimeoutException("Time out has expired and the operation has not been completed.");
  }
  public void Start() {
    if (Status == ServiceControllerStatus.Running) return;
    if (Status != ServiceControllerStatus.Stopped) throw Cannot("start", 1056);
    if (Equals(WinRegistry.At("HKLM:\\SYSTEM\\CurrentControlSet\\Services\\" + ServiceName, true).GetValue("Start"), 4)) throw Cannot("start", 1058);
    if (StartFails != "" && FailTimes != 0) {
      if (FailTimes > 0) FailTimes--;
      throw new InvalidOperationException("Cannot start service " + ServiceName + " on computer '.'.", new System.ComponentModel.Win32Exception(1069, StartFails));
    }
    foreach (var need in Needs) All[need].Start();
    Status = ServiceControllerStatus.Running;
  }
  public void Stop() {
    if (Status.ToString().EndsWith("Pending")) throw Cannot("stop", 1061);
    foreach (var one in DependentServices) one.Stop();
    Status = ServiceControllerStatus.Stopped;
    Stops++;
  }
  public static WinService Add(string name, string display, bool runs, string account, params string[] needs) {
    const string services = "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\";
    WinRegistry.Set(services + name, "Start", 2, RegistryValueKind.DWord);
    WinRegistry.Set(services + name, "ObjectName", account, RegistryValueKind.String);
    var status = runs ? ServiceControllerStatus.Running : ServiceControllerStatus.Stopped;
    All[name] = new WinService { ServiceName = name, DisplayName = display, Status = status, Needs = needs.ToList() };
    return All[name];
  }
  public static void Fill() {
    Add("EventLog", "Windows Event Log", true, "NT AUTHORITY\\LocalService");
    Add("RpcSs", "Remote Procedure Call (RPC)", true, "NT AUTHORITY\\NetworkService");
    Add("Spooler", "Print Spooler", true, "LocalSystem", "RpcSs");
    Add("Fax", "Fax", true, "NT AUTHORITY\\NetworkService", "Spooler");
    Add("TillApp", "Till App", false, "LocalSystem");
  }
}

// The scheduler: https://learn.microsoft.com/windows/win32/taskschd/taskservice , taskfolder, registeredtask
public class WinScheduler {
  readonly HashSet<string> folders = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "\\" };
  static readonly WinScheduler Only = new WinScheduler();
  public static WinScheduler Open() => Only;
  public void Connect() { }
  public Folder GetFolder(string path) {
    if (!folders.Contains(path)) throw Missing();
    return new Folder(this, path);
  }
  /// 0x80070002 as the CLR tells it: https://learn.microsoft.com/dotnet/framework/interop/how-to-map-hresults-and-exceptions
  static Exception Missing() => new System.IO.FileNotFoundException("The system cannot find the file specified. (Exception from HRESULT: 0x80070002)") { HResult = unchecked((int)0x80070002) };
  public class Folder {
    readonly WinScheduler scheduler; readonly string path;
    public Folder(WinScheduler scheduler, string path) { this.scheduler = scheduler; this.path = path; }
    string Key(string name) => path.TrimEnd('\\') + "\\" + name;
    public Folder CreateFolder(string name) { scheduler.folders.Add(name); return new Folder(scheduler, name); }
    public Task GetTask(string name) => Machine.Tasks.ContainsKey(Key(name)) ? new Task(Key(name)) : throw Missing();
    public Task RegisterTask(string name, string xml, int flags, object user, object password, int logon) {
      new System.Xml.XmlDocument().LoadXml(xml);
      Machine.Tasks[Key(name)] = xml;
      return new Task(Key(name));
    }
    public void DeleteTask(string name, int flags) { if (!Machine.Tasks.Remove(Key(name))) throw Missing(); }
  }
  public class Task {
    static readonly HashSet<string> off = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
    readonly string key;
    public Task(string key) { this.key = key; }
    public string Xml => Machine.Tasks[key];
    public bool Enabled { get => !off.Contains(key); set { if (value) off.Remove(key); else off.Add(key); } }
    // SCHED_S_TASK_HAS_NOT_RUN; a task that will not run has the zero of OLE dates:
    // https://learn.microsoft.com/windows/win32/taskschd/task-scheduler-error-and-success-constants
    public int LastTaskResult => 267011;
    public DateTime NextRunTime => new DateTime(1899, 12, 30);
  }
}
}
