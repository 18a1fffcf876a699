/*
 * What Windows PowerShell 5.1 has of what fragments use, from its documentation: what is not in these lists is looked up
 * before it is used. `LEARN` + module + cmdlet is the page of a cmdlet, with ?view=powershell-5.1.
 */

/** https://learn.microsoft.com/powershell/module/ */
export const CMDLETS: Readonly<Record<string, readonly string[]>> = {
  // microsoft.powershell.core
  'ForEach-Object': [],
  'Get-Command': ['Name', 'ErrorAction'],
  'Where-Object': [],
  // microsoft.powershell.utility
  'ConvertFrom-Json': [],
  'ConvertTo-Json': ['InputObject', 'Depth', 'Compress'],
  'Get-Date': [],
  'Get-Variable': ['Name'],
  'New-Object': ['ComObject'],
  'Remove-TypeData': ['TypeName', 'ErrorAction'],
  'Select-Object': ['First', 'Last', 'Skip', 'Unique'],
  'Set-Variable': [],
  'Sort-Object': ['Property', 'Descending'],
  'Start-Sleep': ['Seconds', 'Milliseconds'],
  'Write-Error': ['ErrorRecord'],
  // microsoft.powershell.management; Get-Item -Force, not the later -AsByteStream and -AsHashtable of its kin
  'Get-Item': ['LiteralPath', 'Force'],
  'Get-ItemProperty': ['LiteralPath', 'ErrorAction'],
  'Get-Process': [],
  'Get-Service': ['Name'],
  'Join-Path': [],
  // -StartupType knows Automatic, Boot, Disabled, Manual and System here: AutomaticDelayedStart came with 6.0
  'Set-Service': ['Name', 'StartupType'],
  'Start-Service': ['InputObject'],
  'Stop-Service': ['InputObject', 'Force'],
  'Test-Path': ['LiteralPath'],
  // microsoft.powershell.security
  'Get-Acl': ['LiteralPath'],
  'Get-AuthenticodeSignature': ['LiteralPath'],
  'Set-Acl': ['LiteralPath', 'AclObject'],
  // microsoft.powershell.diagnostics
  'Get-WinEvent': ['FilterHashtable', 'MaxEvents'],
  // cimcmdlets
  'Get-CimInstance': ['ClassName', 'Namespace', 'Property', 'OperationTimeoutSec'],
  'Invoke-CimMethod': ['InputObject', 'MethodName', 'Arguments'],
  // printmanagement, dnsclient: Windows 8 and later, so both are asked for first
  'Get-Printer': [],
  'Resolve-DnsName': [],
}

/**
 * What is otherwise in 5.1, and how a fragment may not lean on it.
 * https://learn.microsoft.com/powershell/scripting/whats-new/differences-from-windows-powershell
 */
export const OTHERWISE: readonly (readonly [pattern: RegExp, why: string])[] = [
  [
    /\b(?:Get|Set|Add)-Content\b|\bOut-File\b|\bExport-Csv\b/,
    'its encoding is the ANSI code page or UTF-16 in 5.1, UTF-8 later: use .NET',
  ],
  [/(?:^|[^>&])>{1,2}[^>&=]|Tee-Object/m, 'redirection writes UTF-16 in 5.1, UTF-8 later'],
  [/\$OutputEncoding\s*\|/, 'what is piped to a program goes as ASCII in 5.1, as UTF-8 later'],
  [
    /\bStart-Process\b|(?:^|\s)&\s+['"$]/m,
    'quotes inside of arguments are lost in 5.1 (PSNativeCommandArgumentPassing came with 7.3)',
  ],
  [/powershell\.exe['"]?\)?\s+\S*(?:C:|\$\w+\.ps1)/, 'a first argument without a name is -Command in 5.1, -File later'],
  [/-EncodedCommand\b[^|]*["'][^"']*\s\$/, '5.1 takes no arguments behind -EncodedCommand'],
  [
    /ConvertTo-Json[^\n]*(?:Get-Date|TimeCreated|LastBootUpTime)/,
    'a date is "\\/Date(0)\\/" in JSON of 5.1, ISO 8601 later',
  ],
  [/ConvertTo-Json[^\n]*-(?:EscapeHandling|AsArray|EnumsAsStrings)/, 'came with 6.2 and 7.0'],
  [/\.Where\(\{|\.ForEach\(\{/, 'come as PSCollection there, a list of another kind'],
  [
    /StandardInput\.Write|^(?![\s\S]*\[Console\]::InputEncoding)[\s\S]*RedirectStandardInput\s*=\s*\$true/,
    'where the console speaks UTF-8, .NET Framework begins the stdin of a program with the mark: Invoke-TillProcess sees to it (ansible/ansible#22934)',
  ],
  [
    /New-Object\s+(?:System\.)?IO\.(?:FileStream|Compression\.\w+)\s*\((?:[^()\n]|\([^()\n]*\))*,\s*'/,
    'of several constructors with as many arguments the binder of 5.1 finds none, or another, for the text of an enum: write the member',
  ],
  // .NET Framework 4.8 has none of these: https://learn.microsoft.com/dotnet/api , "Applies to"
  [
    /\]::(?:HashData|ReadExactly|TrimEnd\(\$\w+,|GetRelativePath|ToHexString|FromHexString|Fill\()/,
    'members of .NET 5 and later',
  ],
  [/\[(?:IO\.)?File\]::(?:AppendAllTextAsync|ReadAllTextAsync|Move\([^()]*,[^()]*,)/, 'members of .NET Core'],
  [/\.ErrorCode\b/, 'is that of the system in later .NET: SocketErrorCode is the same in both'],
  [
    /\[Environment\]::(?:ProcessId|ProcessPath|TickCount64)|\.Kill\(\$true\)|\.WaitForExitAsync/,
    'members of .NET 5 and later',
  ],
]

/** Kinds of nodes and tokens that the parser has since 7.0 and 7.3: about_Operators, about_Functions_Advanced_Methods. */
export const LATER_NODES: readonly string[] = [
  'TernaryExpressionAst',
  'PipelineChainAst',
  'FileRedirectionAst',
  'MergingRedirectionAst',
]
export const LATER_TOKENS: readonly string[] = [
  'QuestionMark',
  'QuestionQuestion',
  'QuestionQuestionEquals',
  'QuestionDot',
  'QuestionLBracket',
  'AndAnd',
  'OrOr',
  'Ampersand',
  'Clean',
]

/** Variables of 6.0 and later: about_Automatic_Variables. */
export const LATER_VARIABLES: readonly string[] = [
  'IsWindows',
  'IsLinux',
  'IsMacOS',
  'IsCoreCLR',
  'PSStyle',
  'EnabledExperimentalFeatures',
  'PSNativeCommandUseErrorActionPreference',
]

/** https://learn.microsoft.com/dotnet/api , "Applies to" .NET Framework 4.5 and before; System.Management.Automation of 5.1. */
export const TYPES: ReadonlySet<string> = new Set(
  `Activator Array BitConverter Collections.ArrayList ComponentModel.Win32Exception Console Convert DateTime DateTimeKind
  Diagnostics.Process Diagnostics.ProcessStartInfo Diagnostics.Stopwatch Environment Globalization.CultureInfo IO.Compression.CompressionMode
  IO.Compression.GZipStream IO.Directory IO.DirectoryNotFoundException IO.DriveInfo IO.File IO.FileAccess IO.FileAttributes
  IO.FileMode IO.FileNotFoundException IO.FileShare IO.IOException IO.MemoryStream IO.Path IO.Pipes.AnonymousPipeClientStream
  IO.Pipes.PipeDirection IO.Ports.Parity IO.Ports.SerialPort IO.Ports.StopBits IO.SeekOrigin IO.StreamReader Management.Automation.MethodInvocationException
  Management.Automation.PowerShell Management.Automation.Runspaces.InitialSessionState
  Management.Automation.Runspaces.RunspaceFactory Math Microsoft.Win32.RegistryHive Microsoft.Win32.RegistryKey
  Microsoft.Win32.RegistryValueKind Microsoft.Win32.RegistryValueOptions Microsoft.Win32.RegistryView
  Microsoft.Win32.SafeHandles.SafePipeHandle Net.Dns Net.IPAddress
  Net.NetworkInformation.IPGlobalProperties Net.NetworkInformation.NetworkInterface
  Net.Security.RemoteCertificateValidationCallback Net.Security.SslPolicyErrors Net.Sockets.SelectMode
  Net.Sockets.SocketException NullString Reflection.BindingFlags ScriptBlock Security.Authentication.SslProtocols
  Security.Cryptography.SHA256CryptoServiceProvider Security.Cryptography.X509Certificates.OpenFlags
  Security.Cryptography.X509Certificates.StoreLocation Security.Cryptography.X509Certificates.X509NameType
  Security.Cryptography.X509Certificates.X509RevocationMode Security.Cryptography.X509Certificates.X509VerificationFlags
  Security.Principal.SecurityIdentifier Security.Principal.WindowsBuiltInRole Security.Principal.WindowsIdentity
  StringComparer StringComparison Text.Encoding Text.StringBuilder Threading.Mutex Threading.Tasks.Task Threading.Tasks.Task[] Threading.Thread Threading.WaitHandleCannotBeOpenedException TimeSpan
  TimeZoneInfo TimeoutException UnauthorizedAccessException Xml.XmlConvert
  bool byte[] char double hashtable int int[] long object[] ref regex string string[] type uint32 uint64 void`.split(
    /\s+/,
  ),
)
