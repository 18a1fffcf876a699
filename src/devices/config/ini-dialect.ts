/** How a program reads INI. There is no standard: what one takes for a comment belongs to the value for another. */
export interface IniRules {
  /** What may part a key from its value; the first one on a line does. */
  readonly delimiters: '=' | '=:'
  /** What a line of its own that is a comment begins with. */
  readonly comments: string
  /** What a `;` or `#` behind a value and a blank begins. */
  readonly tails: 'comment' | 'value' | 'unclear'
  /** What makes a line go on in the next. */
  readonly continues: 'backslash' | 'git' | 'indent' | 'nothing' | 'unclear'
  /** Whether a line that is deeper than the key above can be a key of its own. */
  readonly deeper: 'key' | 'value' | 'unclear'
  /** Whether blanks within the brackets of a heading belong to the name; kept where it is not clear. */
  readonly blanks: 'kept' | 'left out'
  /** Whether `[a][b]` is a heading, as KConfig of KDE writes a group within a group; its section is `a][b`, as to configparser. */
  readonly nested: boolean
  /** What may stand behind a heading on its line. */
  readonly behindHeading: 'comment' | 'nothing'
  /** How names are compared. */
  readonly section: NameRule
  readonly key: NameRule
  /** Whether quotes around a value are style, or part of it. */
  readonly quotes: 'style' | 'value'
  /** What else of a value is not meant as it is written. */
  readonly values: ValueRule
  /** What becomes of a section, or a key, that stands twice. */
  readonly twice: 'all count' | 'first counts' | 'refused'
  /** Whether a key without a value takes back all that was said of it before. */
  readonly resets: boolean
  /** Whether a key of the section [DEFAULT] is one of every other section, too. */
  readonly inherits: 'DEFAULT' | 'nothing' | 'unclear'
}

/**
 * `unclear`: as written, and a name that differs in case or in blanks around it alone is refused. `dashes`: `-` and `_` are the same.
 * `git`: in any case, but for what is in quotes.
 */
type NameRule = 'as written' | 'any case' | 'dashes' | 'git' | 'unclear'

/**
 * `unclear`: what the others read in different ways is refused. `signs`: outside quotes, some programs begin a comment at any `;` or
 * `#`. `references`: `%` begins one. `git` and `mysql`: quotes and backslashes as these read them.
 */
type ValueRule = 'as written' | 'unclear' | 'signs' | 'references' | 'git' | 'mysql'

/** Programs that read INI as others do. */
export const INI_DIALECTS = ['configparser', 'git', 'inline-comments', 'mysql', 'systemd', 'windows'] as const
export type IniDialect = (typeof INI_DIALECTS)[number]

/** Without a dialect only that is taken for known in which all of them agree. */
export const INI_RULES: Readonly<Record<IniDialect | 'any', IniRules>> = {
  any: {
    delimiters: '=:',
    comments: ';#',
    tails: 'unclear',
    continues: 'unclear',
    deeper: 'unclear',
    blanks: 'kept',
    nested: true,
    behindHeading: 'comment',
    section: 'unclear',
    key: 'unclear',
    quotes: 'value',
    values: 'unclear',
    twice: 'all count',
    inherits: 'unclear',
    resets: false,
  },
  // PHP and many programs of their own.
  'inline-comments': {
    delimiters: '=:',
    comments: ';#',
    tails: 'comment',
    continues: 'unclear',
    deeper: 'key',
    blanks: 'left out',
    nested: true,
    behindHeading: 'comment',
    section: 'unclear',
    key: 'unclear',
    quotes: 'style',
    values: 'signs',
    twice: 'all count',
    inherits: 'nothing',
    resets: false,
  },
  // git-config(1), "Syntax" and "Values".
  git: {
    delimiters: '=',
    comments: ';#',
    tails: 'comment',
    continues: 'git',
    deeper: 'key',
    blanks: 'kept',
    nested: false,
    behindHeading: 'comment',
    section: 'git',
    key: 'any case',
    quotes: 'value',
    values: 'git',
    twice: 'all count',
    inherits: 'nothing',
    resets: false,
  },
  // MySQL and MariaDB: search_default_file_with_ext and remove_end_comment of mysys/my_default.c.
  mysql: {
    delimiters: '=',
    comments: ';#',
    tails: 'comment',
    continues: 'nothing',
    deeper: 'key',
    blanks: 'kept',
    nested: false,
    behindHeading: 'comment',
    section: 'as written',
    key: 'dashes',
    quotes: 'value',
    values: 'mysql',
    twice: 'all count',
    inherits: 'nothing',
    resets: false,
  },
  // systemd.syntax(7).
  systemd: {
    delimiters: '=',
    comments: ';#',
    tails: 'value',
    continues: 'backslash',
    deeper: 'key',
    blanks: 'kept',
    nested: true,
    behindHeading: 'nothing',
    section: 'as written',
    key: 'as written',
    quotes: 'value',
    values: 'as written',
    twice: 'all count',
    inherits: 'nothing',
    resets: true,
  },
  // GetPrivateProfileString of Win32.
  windows: {
    delimiters: '=',
    comments: ';',
    tails: 'value',
    continues: 'nothing',
    deeper: 'key',
    blanks: 'left out',
    nested: false,
    behindHeading: 'comment',
    section: 'any case',
    key: 'any case',
    quotes: 'style',
    values: 'as written',
    twice: 'first counts',
    inherits: 'nothing',
    resets: false,
  },
  // Python's configparser with its defaults, BasicInterpolation among them.
  configparser: {
    delimiters: '=:',
    comments: ';#',
    tails: 'value',
    continues: 'indent',
    deeper: 'value',
    blanks: 'kept',
    nested: true,
    behindHeading: 'comment',
    section: 'as written',
    key: 'any case',
    quotes: 'value',
    values: 'references',
    twice: 'refused',
    inherits: 'DEFAULT',
    resets: false,
  },
}

/** A name as it is compared. */
export function folded(name: string, rule: NameRule): string {
  if (rule === 'dashes') return name.replaceAll('_', '-')
  if (rule === 'git') return name.replace(/^[^\s"]*/, (own) => own.toLowerCase()).replace(/(?<![ \t])[ \t]+"/, ' "')
  return rule === 'any case' ? name.toLowerCase() : name
}
