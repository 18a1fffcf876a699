/** What a log on Windows may be written in, in the words of .NET; `ansi` and `oem`: the code pages of the machine. */
export const WINDOWS_ENCODINGS = [
  'utf-8',
  'utf-16',
  'ansi',
  'oem',
  'windows-1250',
  'windows-1251',
  'windows-1252',
  'windows-1253',
  'windows-1254',
  'windows-1257',
  'ibm437',
  'ibm737',
  'ibm775',
  'ibm850',
  'ibm852',
  'ibm855',
  'ibm857',
  'cp866',
] as const

/** The parameter by which modules are told it. */
export const ENCODING_PROPERTY = {
  enum: WINDOWS_ENCODINGS,
  description:
    'Windows: what the file is written in. Without it, by its mark; UTF-8 if it is; else the code page of the machine, `ansi` or `oem`, in which more is found.',
  examples: ['windows-1250'],
} as const
