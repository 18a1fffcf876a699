using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

namespace TillWindows {

// Both separators, drives, and no case: https://learn.microsoft.com/dotnet/standard/io/file-path-formats
public static class WinPath {
  static readonly char[] Separators = { '\\', '/' };
  public static readonly char DirectorySeparatorChar = '\\';
  static int Last(string path) => path.LastIndexOfAny(Separators);
  public static bool IsPathRooted(string path) => path.Length > 0 && (path[0] == '\\' || path[0] == '/' || (path.Length > 1 && path[1] == ':'));
  public static string GetPathRoot(string path) => path.Length > 1 && path[1] == ':' ? path.Substring(0, 2) + (path.Length > 2 ? "\\" : "") : (path.StartsWith("\\") || path.StartsWith("/") ? "\\" : "");
  public static string GetFileName(string path) => path.Substring(Last(path) + 1);
  public static string GetTempPath() => "C:\\Windows\\Temp\\";
  public static string Combine(string a, string b) => IsPathRooted(b) ? b : a.Length == 0 ? b : a.TrimEnd(Separators) + "\\" + b;
  public static string GetDirectoryName(string path) {
    var at = Last(path);
    if (at < 0) return "";
    if (at == 2 && path[1] == ':') return path.Length == 3 ? null : path.Substring(0, 3);
    return path.Substring(0, at).Replace('/', '\\');
  }
  public static string GetFullPath(string path) {
    if (path.Length < 2 || path[1] != ':') return path.StartsWith("/") ? Path.GetFullPath(path) : GetFullPath(Combine("C:\\Users\\till", path));
    var parts = new List<string>();
    foreach (var part in path.Substring(2).Split(Separators, StringSplitOptions.RemoveEmptyEntries)) {
      if (part == "..") { if (parts.Count > 0) parts.RemoveAt(parts.Count - 1); } else if (part != ".") parts.Add(part);
    }
    return path.Substring(0, 2) + "\\" + string.Join("\\", parts);
  }
}

public class WinFileStream : FileStream {
  public WinFileStream(string path, FileMode mode) : base(Machine.Here(path), mode) { }
  public WinFileStream(string path, FileMode mode, FileAccess access, FileShare share) : base(Machine.Here(path), mode, access, share) { }
}

public static class WinFile {
  static string At(string path) => Machine.Here(path);
  public static bool Exists(string path) => File.Exists(At(path));
  /// Error codes of the next calls of Replace, one each; 0: it works.
  public static readonly Queue<int> Swaps = new Queue<int>();
  static readonly HashSet<string> fixedFiles = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
  // "The file is read-only": https://learn.microsoft.com/dotnet/api/system.io.file.delete and .copy
  internal static void Refuse(string path) { if (fixedFiles.Contains(path)) throw new UnauthorizedAccessException("Access to the path '" + path + "' is denied."); }
  public static void Delete(string path) { Refuse(path); File.Delete(At(path)); }
  public static void Move(string from, string to) { File.Move(At(from), At(to)); if (fixedFiles.Remove(from)) fixedFiles.Add(to); }
  public static void Copy(string from, string to) => Copy(from, to, false);
  public static void Copy(string from, string to, bool overwrite) { Refuse(to); File.Copy(At(from), At(to), overwrite); if (fixedFiles.Contains(from)) fixedFiles.Add(to); }
  // What is there after each error: https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-replacefilew
  public static void Replace(string from, string to, string backup, bool ignore) {
    Refuse(to);
    if (backup != null) Refuse(backup);
    var code = Swaps.Count > 0 ? Swaps.Dequeue() : 0;
    if (code == 1176 && backup == null) File.Delete(At(to));
    if (code == 1177) File.Move(At(to), At(backup ?? to + ".~tmp"), true);
    if (code != 0) throw new IOException("Error " + code + ".", unchecked((int)0x80070000) | code);
    File.Replace(At(from), At(to), At(backup), ignore);
  }
  public static FileStream Create(string path) => File.Create(At(path));
  /// What was written last counts only from when somebody opens the file: https://learn.microsoft.com/windows/win32/sysinfo/file-times
  public static readonly Dictionary<string, DateTime> Late = new Dictionary<string, DateTime>(StringComparer.OrdinalIgnoreCase);
  public static FileStream Open(string path, FileMode mode, FileAccess access, FileShare share) {
    if (Late.Remove(path, out var time)) File.SetLastWriteTimeUtc(At(path), time);
    return File.Open(At(path), mode, access, share);
  }
  public static byte[] ReadAllBytes(string path) => File.ReadAllBytes(At(path));
  public static string ReadAllText(string path) => File.ReadAllText(At(path));
  public static string ReadAllText(string path, Encoding how) => File.ReadAllText(At(path), how);
  public static string[] ReadAllLines(string path) => File.ReadAllLines(At(path));
  public static void WriteAllText(string path, string text) => File.WriteAllText(At(path), text);
  public static void WriteAllText(string path, string text, Encoding how) => File.WriteAllText(At(path), text, how);
  public static void WriteAllLines(string path, string[] lines, Encoding how) => File.WriteAllLines(At(path), lines, how);
  public static void WriteAllBytes(string path, byte[] bytes) => File.WriteAllBytes(At(path), bytes);
  public static FileAttributes GetAttributes(string path) => File.GetAttributes(At(path)) & ~FileAttributes.ReadOnly | (fixedFiles.Contains(path) ? FileAttributes.ReadOnly : 0);
  public static void SetAttributes(string path, FileAttributes attributes) {
    if ((attributes & FileAttributes.ReadOnly) == 0) fixedFiles.Remove(path); else fixedFiles.Add(path);
  }
  // "If the file does not exist, this method returns 12:00 midnight, January 1, 1601 A.D. (C.E.) UTC":
  // https://learn.microsoft.com/dotnet/api/system.io.file.getlastwritetimeutc
  public static DateTime GetLastWriteTimeUtc(string path) => File.GetLastWriteTimeUtc(At(path));
  public static DateTime GetCreationTimeUtc(string path) => File.GetCreationTimeUtc(At(path));
  public static void SetLastWriteTimeUtc(string path, DateTime time) => File.SetLastWriteTimeUtc(At(path), time);
}

public static class WinDirectory {
  static string At(string path) => Machine.Here(path);
  public static bool Exists(string path) => Directory.Exists(At(path));
  public static DirectoryInfo CreateDirectory(string path) => Directory.CreateDirectory(At(path));
  public static DirectoryInfo CreateDirectory(string path, WinRights rights) {
    Machine.Sddl[path] = rights.Sddl;
    return Directory.CreateDirectory(At(path));
  }
  public static void Delete(string path) => Delete(path, false);
  public static void Delete(string path, bool recurse) {
    if (Machine.Refuses.TryGetValue("delete " + path, out var why)) throw new IOException(why);
    WinFile.Refuse(path);
    if (new DirectoryInfo(At(path)).LinkTarget != null) { File.Delete(At(path)); return; }
    if (recurse) {
      foreach (var one in GetFiles(path)) WinFile.Refuse(one);
      // It takes a junction away, says this, and leaves the rest: dotnet/runtime#86249
      foreach (var one in GetDirectories(path)) {
        var isLink = new DirectoryInfo(At(one)).LinkTarget != null;
        Delete(one, true);
        if (isLink) throw new IOException("The parameter is incorrect.");
      }
    }
    Directory.Delete(At(path), recurse);
  }
  public static string[] GetDirectories(string path) => Directory.GetDirectories(At(path)).Select(Machine.There).ToArray();
  public static string[] GetDirectories(string path, string match) => Directory.GetDirectories(At(path), match).Select(Machine.There).ToArray();
  public static DateTime GetLastWriteTimeUtc(string path) => Directory.GetLastWriteTimeUtc(At(path));
  public static string[] GetFiles(string path) => Directory.GetFiles(At(path)).Select(Machine.There).ToArray();
  // "*.xls" matches "book.xlsx": https://learn.microsoft.com/dotnet/api/system.io.directory.getfiles
  public static string[] GetFiles(string path, string match) {
    var dot = match.LastIndexOf('.');
    var longer = dot >= 0 && match.Length - dot == 4 && match.IndexOfAny(new[] { '*', '?' }, dot) < 0;
    return Directory.GetFiles(At(path), longer ? match + "*" : match).Select(Machine.There).ToArray();
  }
}

public class WinFileInfo {
  readonly FileInfo info;
  public WinFileInfo(string path) { info = new FileInfo(Machine.Here(path)); }
  public long Length => info.Length;
  public string Name => info.Name;
  public string FullName => Machine.There(info.FullName);
  public DateTime LastWriteTimeUtc => info.LastWriteTimeUtc;
}

public class WinDirectoryInfo {
  readonly string path;
  public WinDirectoryInfo(string path) { this.path = path; }
  public WinFileInfo[] GetFiles() => GetFiles("*");
  public WinFileInfo[] GetFiles(string match) => WinDirectory.GetFiles(path, match).Select(one => new WinFileInfo(one)).ToArray();
}

// https://learn.microsoft.com/dotnet/api/system.io.driveinfo
public class WinDrive {
  readonly DriveInfo info = new DriveInfo("/");
  public WinDrive(string path) { Name = path.Substring(0, 1).ToUpperInvariant() + ":\\"; }
  public string Name { get; }
  public string VolumeLabel => "System";
  public bool IsReady => Directory.Exists(Machine.Here(Name));
  public DriveType DriveType => DriveType.Fixed;
  public long TotalSize => info.TotalSize;
  public long AvailableFreeSpace => info.AvailableFreeSpace;
  public static WinDrive[] GetDrives() => Directory.GetDirectories(Machine.Root).Select(one => new WinDrive(Path.GetFileName(one) + ":\\")).ToArray();
}

// An account by name or identifier; those that every Windows has, and one of this machine:
// https://learn.microsoft.com/windows-server/identity/ad-ds/manage/understand-security-identifiers
public class WinSid {
  public static readonly Dictionary<string, string> Names = new Dictionary<string, string> {
    ["S-1-5-18"] = "NT AUTHORITY\\SYSTEM", ["S-1-5-19"] = "NT AUTHORITY\\LOCAL SERVICE", ["S-1-5-20"] = "NT AUTHORITY\\NETWORK SERVICE",
    ["S-1-5-32-544"] = "BUILTIN\\Administrators", ["S-1-5-32-545"] = "BUILTIN\\Users", ["S-1-5-21-1-2-3-1001"] = "POS1\\till",
  };
  public WinSid(string value) { Value = value; }
  public string Value { get; }
  public override string ToString() => Value;
}
public class WinAccount {
  readonly string name;
  public WinAccount(string name) { this.name = name; }
  public WinSid Translate(Type type) {
    foreach (var pair in WinSid.Names) {
      if (string.Equals(pair.Value, name, StringComparison.OrdinalIgnoreCase) || string.Equals(pair.Value.Split('\\')[1], name, StringComparison.OrdinalIgnoreCase)) return new WinSid(pair.Key);
    }
    // https://learn.microsoft.com/dotnet/api/system.security.principal.identitynotmappedexception
    throw new InvalidOperationException("Some or all identity references could not be translated.");
  }
}
public class WinIdentity {
  public static WinIdentity GetCurrent() => new WinIdentity();
  public string Name => "POS1\\till";
  public bool IsSystem => false;
}
public class WinPrincipal {
  public WinPrincipal(WinIdentity identity) { }
  public bool IsInRole(object role) => true;
}

// https://learn.microsoft.com/dotnet/api/system.security.accesscontrol.objectsecurity
public class WinRights {
  public string Sddl = "";
  public string OwnerSid = "S-1-5-32-544";
  public string Owner => WinSid.Names.TryGetValue(OwnerSid, out var name) ? name : "O:" + OwnerSid;
  public void SetSecurityDescriptorSddlForm(string sddl) { Sddl = sddl; }
  public void SetOwner(WinSid sid) { OwnerSid = sid.Value; }
  public WinSid GetOwner(Type type) => new WinSid(OwnerSid);
}

// https://learn.microsoft.com/dotnet/api/system.security.cryptography.x509certificates.x509store
public class WinStore {
  public WinStore(string name, object location) { }
  public void Open(object flags) { }
  public void Close() { }
  public List<System.Security.Cryptography.X509Certificates.X509Certificate2> Certificates => Machine.Certificates;
}
}
