/**
 * Inventories with mistakes. `«CODE»` stands where a diagnostic with that code must point; the marks are taken out
 * before the text is read. Those that are there are all that may be there.
 */
export interface MalformedCase {
  readonly name: string
  /** File → text. `base.yaml` is a sound one unless it is given here. */
  readonly files: Readonly<Record<string, string>>
  /** What the message or the hint must say. */
  readonly says?: RegExp
}

export const BASE = `fleet:
  name: Test
  time_zone: Europe/Warsaw
  vars: {agent: {server: a, port: 1}}
  transport: {user: till}
  calendars:
    large: {week: {mon-sat: 06:00-22:00, sun: closed}}
profiles:
  till-linux: {kind: till, os: {family: linux}}
  till-windows: {kind: till, os: {family: windows}}
  printer: {kind: receipt-printer, os: {family: none}}
  router: {kind: router, os: {family: linux}}
regions:
  north: {}
  south: {}
`

function file(name: string, text: string, says?: RegExp): MalformedCase {
  return { name, files: { 'x.yaml': text }, ...(says && { says }) }
}

/** One store with lines of its own. */
function store(name: string, lines: string, says?: RegExp): MalformedCase {
  return file(name, `region: north\nstores:\n  S1:\n${lines.replace(/^(?=.)/gm, '    ')}\n`, says)
}

/** One device with entries of its own. */
function device(name: string, entries: string, says?: RegExp): MalformedCase {
  return store(name, `devices:\n  d1: {${entries}}`, says)
}

function base(name: string, text: string, says?: RegExp): MalformedCase {
  return { name, files: { 'base.yaml': text, 'x.yaml': 'region: north\nstores: {S1: {}}\n' }, ...(says && { says }) }
}

const HEAD = 'profiles: {till-linux: {kind: till, os: {family: linux}}}\nregions: {north: {}}\n'
const STORES = 'region: north\nstores:\n'

const SYNTAX: readonly MalformedCase[] = [
  file('a tab for indentation', 'stores:\n«YAML_SYNTAX_INVALID»\tS1: {}\n', /spaces/),
  file('an open bracket', 'stores: {S1: {}\n«YAML_SYNTAX_INVALID»region: north\n'),
  file('an open quote', 'region: «YAML_SYNTAX_INVALID»"north\nstores: {}\n', /never closed/),
  file('text with a colon', 'stores:\n  S1:\n    name: «YAML_SYNTAX_INVALID»Shop: north\n', /quotes/),
  file(
    'an expression without quotes in a map',
    'stores: {S1: {name: $«YAML_SYNTAX_INVALID»{{ vars.a }}, x: 1}}\n',
    /quotes/,
  ),
  file(
    'an expression without quotes in a list',
    'stores: {S1: {tags: [$«YAML_SYNTAX_INVALID»{{ vars.a }}]}}\n',
    /quotes/,
  ),
  file('braces as in Ansible', 'stores: {S1: {name: {«YAML_SYNTAX_INVALID»{ vars.a }}}}\n', /\$\{\{ vars/),
  file(
    'what a stray bracket makes of the rest',
    'stores: {S1: {}«YAML_SYNTAX_INVALID»}}\nregion: north\n'.replace(
      '}«YAML_SYNTAX_INVALID»}}',
      '}}«YAML_SYNTAX_INVALID»}',
    ),
  ),
  file('two documents', 'region: north\n«YAML_SYNTAX_INVALID»---\nregion: south\n', /more than one document/),
  file('a tag', 'region: «YAML_SYNTAX_INVALID»!name north\n'),
  file('an alias to nothing', 'region: «YAML_SYNTAX_INVALID»*north\n', /&north/),
  file('an alias to itself', 'stores: &a\n  S1: «YAML_SYNTAX_INVALID»*a\n'),
  file('a control character', 'region: no«YAML_SYNTAX_INVALID»\u0001rth\n', /U\+0001/),
  file(
    'an escape that is none',
    'region: "«YAML_SYNTAX_INVALID»\\north\\q"\n'.replace(
      '«YAML_SYNTAX_INVALID»\\north',
      '\\north«YAML_SYNTAX_INVALID»',
    ),
  ),
  file('a map as a key', 'stores:\n  ? «YAML_SYNTAX_INVALID»{a: 1}\n  : {}\n'),
  file('an empty key', 'stores:\n  «YAML_SYNTAX_INVALID»: {}\n'),
  file('nothing to merge', 'stores:\n  S1: {<<: «YAML_SYNTAX_INVALID»3, region: north}\n', /merged/),
  file('a percent sign at the start of text', 'region: «YAML_SYNTAX_INVALID»%north\n'),
  file('an at sign at the start of text', 'region: «YAML_SYNTAX_INVALID»@north\n', /quotes/),
  file(
    'wrong indentation',
    'stores:\n    S1:\n        region: north\n«YAML_SYNTAX_INVALID»  S2:\n        region: north\n',
  ),
  file('the same key twice', 'region: north\n«YAML_KEY_DUPLICATE»region: south\nstores: {S1: {}}\n', /twice/),
  file('the same store twice in a file', `${STORES}  S1: {}\n  «YAML_KEY_DUPLICATE»S1: {}\n`, /"S1"/),
  device('the same entry of a device twice', 'profile: printer, address: a, «YAML_KEY_DUPLICATE»address: b'),
  store(
    'the same device twice in a store',
    'devices:\n  d1: {profile: till-linux, address: a}\n  «YAML_KEY_DUPLICATE»d1: {profile: till-linux, address: b}',
  ),
  file('a key that would poison objects', `${STORES}  S1: {vars: {«SCHEMA_KEY_UNKNOWN»__proto__: {a: 1}}}\n`),
  file('nesting without end', `«YAML_LIMIT_EXCEEDED»stores: ${'['.repeat(20_000)}\n`),
  file(
    'deep nesting',
    `region: north\nstores: {S1: {vars: ${'{a: '.repeat(62)}«YAML_LIMIT_EXCEEDED»{b: 1}${'}'.repeat(62)}}}\n`,
  ),
  file(
    'a number that cannot be kept',
    `${STORES}  S1: {vars: {serial: «SCHEMA_VALUE_INVALID»12345678901234567890}}\n`,
    /quotes/,
  ),
]

const SHAPE: readonly MalformedCase[] = [
  file('a list', '«SCHEMA_VALUE_INVALID»- stores\n', /must be a map, not a list/),
  file('a word', '«SCHEMA_VALUE_INVALID»stores\n'),
  file('an unknown key', '«SCHEMA_KEY_UNKNOWN»store: {}\n', /did you mean "stores"/),
  file('stores that are a list', 'stores:\n  «SCHEMA_VALUE_INVALID»- S1\n', /a map, not a list/),
  file(
    'stores that are empty',
    '«SCHEMA_VALUE_INVALID»stores:\n'.replace('«SCHEMA_VALUE_INVALID»stores:', 'stores:«SCHEMA_VALUE_INVALID»'),
  ),
  file('a store that is empty', `${STORES}  S1:«SCHEMA_VALUE_INVALID»\n`),
  file('a store id with a space', `${STORES}  «SCHEMA_VALUE_INVALID»"S 1": {}\n`, /"S 1"/),
  file('a store id with a slash', `${STORES}  «SCHEMA_VALUE_INVALID»S/1: {}\n`),
  file('a store id that is too long', `${STORES}  «SCHEMA_VALUE_INVALID»${'S'.repeat(65)}: {}\n`),
  file('a store id that begins with a dash', `${STORES}  «SCHEMA_VALUE_INVALID»-S1: {}\n`),
  store('an unknown key of a store', '«SCHEMA_KEY_UNKNOWN»gatway: d1', /did you mean "gateway"/),
  store('a name that is a number', 'name: «SCHEMA_VALUE_INVALID»412', /quotes/),
  store('a name that is empty', 'name: «SCHEMA_VALUE_INVALID»""', /empty/),
  store('an address without a postcode', '«SCHEMA_KEY_MISSING»address: {street: a, city: b}', /"postcode"/),
  store('an address that is text', 'address: «SCHEMA_VALUE_INVALID»Warszawa'),
  store('an unknown link', 'link: {type: «SCHEMA_VALUE_INVALID»fiber}', /did you mean "fibre"/),
  store('a link without a type', '«SCHEMA_KEY_MISSING»link: {rtt_ms: 3}'),
  store('a negative round trip', 'link: {type: dsl, rtt_ms: «SCHEMA_VALUE_INVALID»-3}', /at least 0/),
  store('a round trip that is text', 'link: {type: dsl, rtt_ms: «SCHEMA_VALUE_INVALID»20ms}', /a number/),
  store('tags that are a word', 'tags: «SCHEMA_VALUE_INVALID»pilot', /a list/),
  store('a tag of two words', 'tags: [a, «SCHEMA_VALUE_INVALID»b c]'),
  store('vars that are a list', 'vars: «SCHEMA_VALUE_INVALID»[a]', /a map/),
  store('owner that is text', 'owner: «SCHEMA_VALUE_INVALID»me'),
  store('devices that are a list', 'devices:\n  «SCHEMA_VALUE_INVALID»- d1'),
  store('a device id with a slash', 'devices:\n  «SCHEMA_VALUE_INVALID»d/1: {profile: till-linux, address: a}'),
  store('a device that is a word', 'devices:\n  d1: «SCHEMA_VALUE_INVALID»till-linux'),
  store('a device without a profile', 'devices:\n  «SCHEMA_KEY_MISSING»d1: {address: a}', /"profile"/),
  device(
    'an unknown key of a device',
    'profile: printer, «SCHEMA_KEY_UNKNOWN»adress: a, attached_to: d1'.replace(', attached_to: d1', ', address: a'),
    /did you mean "address"/,
  ),
  device(
    'an unknown system',
    'profile: till-linux, address: a, os: {family: «SCHEMA_VALUE_INVALID»linx}',
    /did you mean "linux"/,
  ),
  device(
    'a version that is a number',
    'profile: till-linux, address: a, os: {version: «SCHEMA_VALUE_INVALID»12}',
    /"12"/,
  ),
  device('an address that is a number', 'profile: till-linux, address: «SCHEMA_VALUE_INVALID»10'),
  device('a note that is a list', 'profile: till-linux, address: a, note: «SCHEMA_VALUE_INVALID»[x]'),
  base(
    'a profile without a kind',
    `profiles: {«SCHEMA_KEY_MISSING»p: {os: {family: linux}}}\nregions: {north: {}}\nfleet: {time_zone: UTC}\n`,
    /"kind"/,
  ),
  base(
    'a profile without a system',
    `profiles: {«SCHEMA_KEY_MISSING»p: {kind: till}}\nregions: {north: {}}\nfleet: {time_zone: UTC}\n`,
  ),
  base(
    'an unknown kind',
    `profiles: {p: {kind: «SCHEMA_VALUE_INVALID»tills, os: {family: linux}}}\nregions: {north: {}}\nfleet: {time_zone: UTC}\n`,
    /did you mean "till"/,
  ),
  base(
    'an unknown key of the fleet',
    'fleet: {«SCHEMA_KEY_UNKNOWN»timezone: UTC, time_zone: UTC}\nregions: {north: {}}\n',
    /did you mean "time_zone"/,
  ),
]

const TRANSPORT: readonly MalformedCase[] = [
  device(
    'an unknown transport',
    'profile: till-linux, address: a, transport: {type: «SCHEMA_VALUE_INVALID»shh}',
    /did you mean "ssh"/,
  ),
  device(
    'a port out of range',
    'profile: till-linux, address: a, transport: {port: «SCHEMA_VALUE_INVALID»65536}',
    /at most 65535/,
  ),
  device('a port that is text', 'profile: till-linux, address: a, transport: {port: «SCHEMA_VALUE_INVALID»"22"}'),
  device(
    'a password written down',
    'profile: till-linux, address: a, transport: {password: «SCHEMA_VALUE_INVALID»hunter2}',
    /^(?!.*hunter2)/s,
  ),
  device(
    'a secret of no kind',
    'profile: till-linux, address: a, transport: {password: {secret: «SCHEMA_VALUE_INVALID»hunter2}}',
    /^(?!.*hunter2)/s,
  ),
  device(
    'a host key that is a fingerprint',
    'profile: till-linux, address: a, transport: {host_keys: [«SCHEMA_VALUE_INVALID»"SHA256:abc"]}',
    /known_hosts/,
  ),
  device(
    'a key that is not a list',
    'profile: till-linux, address: a, transport: {keys: «SCHEMA_VALUE_INVALID»~/.ssh/id}',
    /a list/,
  ),
  device(
    'an unknown phase',
    'profile: till-linux, address: a, transport: {timeouts_ms: {«SCHEMA_KEY_UNKNOWN»conect: 5}}',
    /did you mean "connect"/,
  ),
  device(
    'a deadline of nothing',
    'profile: till-linux, address: a, transport: {timeouts_ms: {connect: «SCHEMA_VALUE_INVALID»0}}',
  ),
  device(
    'another way to root',
    'profile: till-linux, address: a, transport: {become: {method: «SCHEMA_VALUE_INVALID»su}}',
    /sudo/,
  ),
]

const LOGIN: readonly MalformedCase[] = [
  device(
    'a password for openssh',
    'profile: till-linux, address: a, transport: {type: openssh, password: «SCHEMA_VALUE_INVALID»{secret: "env:X"}}',
    /or `type: ssh`/,
  ),
  device(
    'a pattern of a question that is none',
    'profile: till-linux, address: a, transport: {prompts: [{match: «SCHEMA_VALUE_INVALID»"(", answer: {secret: "env:X"}}]}',
    /regular expression/,
  ),
]

const REFERENCES: readonly MalformedCase[] = [
  device('an unknown profile', 'profile: «INV_PROFILE_UNKNOWN»till-linx, address: a', /did you mean "till-linux"/),
  file(
    'an unknown region of a file',
    'region: «INV_REFERENCE_UNKNOWN»nort\nstores: {S1: {}, S2: {}}\n',
    /did you mean "north"/,
  ),
  store('an unknown region of a store', 'region: «INV_REFERENCE_UNKNOWN»west', /north, south/),
  file('a store without a region', 'stores:\n  «SCHEMA_KEY_MISSING»S1: {}\n', /"region"/),
  store('an unknown calendar', 'hours: «INV_REFERENCE_UNKNOWN»lage', /did you mean "large"/),
  store(
    'an unknown calendar with exceptions',
    'hours: {calendar: «INV_REFERENCE_UNKNOWN»small, exceptions: {2026-12-24: closed}}',
  ),
  store(
    'an unknown gateway',
    'gateway: «INV_REFERENCE_UNKNOWN»router1\ndevices:\n  router: {profile: router, address: a}',
    /did you mean "router"/,
  ),
  store('a gateway in a store without devices', 'gateway: «INV_REFERENCE_UNKNOWN»router1', /no devices/),
  device('attached to nothing', 'profile: printer, attached_to: «INV_REFERENCE_UNKNOWN»pos1'),
  device('attached to itself', 'profile: printer, attached_to: «INV_REFERENCE_UNKNOWN»d1', /itself/),
  device('via nothing', 'profile: till-linux, address: a, transport: {via: «INV_REFERENCE_UNKNOWN»d9}'),
  device('via a device of no store', 'profile: till-linux, address: a, transport: {via: «INV_REFERENCE_UNKNOWN»S9/d1}'),
  store(
    'via a gateway that is not named',
    'devices:\n  d1: {profile: till-linux, address: a, transport: {via: «INV_REFERENCE_UNKNOWN»gateway}}',
    /gateway: ID/,
  ),
  device('via itself', 'profile: till-linux, address: a, transport: {via: «INV_VIA_CYCLE»d1}', /itself/),
  store(
    'via one another',
    'devices:\n  d1: {profile: till-linux, address: a, transport: {via: «INV_VIA_CYCLE»d2}}\n  d2: {profile: till-linux, address: b, transport: {via: d1}}',
    /S1\/d1 via S1\/d2 via S1\/d1/,
  ),
  store(
    'via a printer',
    'devices:\n  d1: {profile: till-linux, address: a, transport: {via: «SCHEMA_VALUE_INVALID»d2}}\n  d2: {profile: printer, address: b}',
    /only a device that is reached by ssh/i,
  ),
  {
    name: 'the same store in two files',
    files: { 'a.yaml': `${STORES}  S1: {}\n`, 'x.yaml': `${STORES}  «INV_STORE_DUPLICATE»S1: {}\n` },
    says: /a\.yaml:3/,
  },
  {
    name: 'the same profile in two files',
    files: {
      'x.yaml': `profiles:\n  «INV_NAME_DUPLICATE»till-linux: {kind: till, os: {family: linux}}\n${STORES}  S1: {}\n`,
    },
    says: /base\.yaml:9/,
  },
  {
    name: 'the same region in two files',
    files: { 'x.yaml': `regions:\n  «INV_NAME_DUPLICATE»north: {}\n${STORES}  S1: {}\n` },
  },
  { name: 'the fleet in two files', files: { 'x.yaml': `«INV_NAME_DUPLICATE»fleet: {name: b}\n${STORES}  S1: {}\n` } },
]

const ADDRESSES: readonly MalformedCase[] = [
  store(
    'the same address twice',
    'devices:\n  d1: {profile: till-linux, address: 10.0.0.1}\n  d2: {profile: till-linux, address: «INV_ADDRESS_DUPLICATE»10.0.0.1}',
    /S1\/d1.*x\.yaml:5/s,
  ),
  store(
    'the same name in other letters',
    'devices:\n  d1: {profile: till-linux, address: POS.example}\n  d2: {profile: till-linux, address: «INV_ADDRESS_DUPLICATE»pos.example}',
  ),
  store(
    'the same IPv6 address',
    'devices:\n  d1: {profile: till-linux, address: "fd00::1"}\n  d2: {profile: till-linux, address: «INV_ADDRESS_DUPLICATE»"fd00:0::0:1"}',
  ),
  store(
    'the same address and port',
    'devices:\n  d1: {profile: till-linux, address: a, transport: {port: 22}}\n  d2: {profile: till-linux, address: «INV_ADDRESS_DUPLICATE»a}',
  ),
  {
    name: 'the same address in two files',
    files: {
      'a.yaml': `${STORES}  S1: {devices: {d1: {profile: till-linux, address: 10.0.0.1}}}\n`,
      'x.yaml': `${STORES}  S2:\n    devices:\n      d1: {profile: till-linux, address: «INV_ADDRESS_DUPLICATE»10.0.0.1}\n`,
    },
    says: /a\.yaml:3/,
  },
  store('no address', 'devices:\n  «SCHEMA_KEY_MISSING»d1: {profile: till-linux}', /address: 10\.4\.12\.11/),
  store('no address and attached to nothing', 'devices:\n  «SCHEMA_KEY_MISSING»d1: {profile: printer}', /attached_to/),
  store(
    'attached, but reached by ssh',
    'devices:\n  d1: {profile: till-linux, address: a}\n  «SCHEMA_KEY_MISSING»d2: {profile: till-linux, attached_to: d1}',
  ),
  device('an impossible address', 'profile: till-linux, address: «SCHEMA_VALUE_INVALID»10.0.0.256', /255/),
  device('an address with a port', 'profile: till-linux, address: «SCHEMA_VALUE_INVALID»10.0.0.1:22', /transport/),
  device(
    'an address with three numbers',
    'profile: till-linux, address: «SCHEMA_VALUE_INVALID»10.0.0.1.',
    /four numbers/,
  ),
  device('a URL', 'profile: till-linux, address: «SCHEMA_VALUE_INVALID»"ssh://pos1"', /scheme/),
  device('a name with a space', 'profile: till-linux, address: «SCHEMA_VALUE_INVALID»pos 1'),
  device('an empty address', 'profile: till-linux, address: «SCHEMA_VALUE_INVALID»""'),
  device('IPv6 in brackets', 'profile: till-linux, address: «SCHEMA_VALUE_INVALID»"[fd00::1]"', /brackets/),
  device('a name with an option', 'profile: till-linux, address: «SCHEMA_VALUE_INVALID»-oProxyCommand=x'),
]

const WEEK = '{mon-sat: 06:00-22:00, sun: closed}'

const HOURS: readonly MalformedCase[] = [
  store('an hour that is none', 'hours: {week: {mon-sat: «INV_HOURS_IMPOSSIBLE»06:00-25:00, sun: closed}}', /25:00/),
  store('a minute that is none', 'hours: {week: {mon-sat: «INV_HOURS_IMPOSSIBLE»06:60-20:00, sun: closed}}', /06:60/),
  store('beyond midnight by a minute', 'hours: {week: {mon-sat: «INV_HOURS_IMPOSSIBLE»06:00-24:01, sun: closed}}'),
  store(
    'hours of no length',
    'hours: {week: {mon-sat: «INV_HOURS_IMPOSSIBLE»06:00-06:00, sun: closed}}',
    /00:00-24:00/,
  ),
  store('hours that are a word', 'hours: {week: {mon-sat: «SCHEMA_VALUE_INVALID»morning, sun: closed}}', /HH:MM-HH:MM/),
  store('hours that are a number', 'hours: {week: {mon-sat: «SCHEMA_VALUE_INVALID»8, sun: closed}}'),
  store(
    'spans that overlap',
    'hours: {week: {mon-sat: «INV_HOURS_IMPOSSIBLE»[06:00-14:00, 13:00-22:00], sun: closed}}',
    /overlap/,
  ),
  store('closed among hours', 'hours: {week: {mon-sat: [06:00-14:00, «INV_HOURS_IMPOSSIBLE»closed], sun: closed}}'),
  store(
    'past midnight into the next day',
    'hours: {week: {mon-sun: «INV_HOURS_IMPOSSIBLE»22:00-06:00, tue: closed}}'.replace(
      'mon-sun: «INV_HOURS_IMPOSSIBLE»22:00-06:00, tue: closed',
      'mon: «INV_HOURS_IMPOSSIBLE»22:00-07:00, tue-sun: 06:00-20:00',
    ),
    /mon into tue/,
  ),
  store(
    'a day that is none',
    'hours: {week: {«SCHEMA_VALUE_INVALID»mon-sut: 06:00-22:00, mon-sun: 06:00-22:00}}',
    /mon, tue/,
  ),
  store(
    'a day twice',
    'hours: {week: {mon-sun: 06:00-22:00, «INV_HOURS_IMPOSSIBLE»wed: closed}}',
    /wed are given twice/,
  ),
  store('a day that is missing', 'hours: {«INV_HOURS_IMPOSSIBLE»week: {mon-sat: 06:00-22:00}}', /sun: closed/),
  store('neither calendar nor week', '«SCHEMA_KEY_MISSING»hours: {exceptions: {2026-12-24: closed}}'),
  store(
    'a date that is none',
    `hours: {week: ${WEEK}, exceptions: {«INV_HOURS_IMPOSSIBLE»2026-02-30: closed}}`,
    /2026-02-30/,
  ),
  store(
    'a date the other way round',
    `hours: {week: ${WEEK}, exceptions: {«SCHEMA_VALUE_INVALID»24-12-2026: closed}}`,
    /YYYY-MM-DD/,
  ),
  store(
    'an exception into the next day',
    'hours: {calendar: large, exceptions: {2026-12-23: «INV_HOURS_IMPOSSIBLE»20:00-07:00}}',
    /overlaps 06:00-22:00/,
  ),
  store('hours that are a list', 'hours: «SCHEMA_VALUE_INVALID»[06:00-22:00]', /text or a map/),
  store('an unknown time zone', 'time_zone: «INV_TIME_ZONE_UNKNOWN»Europe/Warszawa'),
  store('a time zone with a slip', 'time_zone: «INV_TIME_ZONE_UNKNOWN»Europe/Warsav', /did you mean "Europe\/Warsaw"/),
  store('an offset for a time zone', 'time_zone: «INV_TIME_ZONE_UNKNOWN»"+01:00"'),
  base(
    'an unknown time zone of the fleet',
    'fleet: {time_zone: «INV_TIME_ZONE_UNKNOWN»Poland/Warsaw}\nregions: {north: {}}\n',
  ),
  {
    name: 'no time zone at all',
    files: { 'base.yaml': HEAD, 'x.yaml': `${STORES}  «SCHEMA_KEY_MISSING»S1: {}\n` },
    says: /time_zone/,
  },
  base(
    'an impossible calendar',
    'fleet: {time_zone: UTC, calendars: {c: {week: {mon-sun: «INV_HOURS_IMPOSSIBLE»08:00-26:00}}}}\nregions: {north: {}}\n',
  ),
  base(
    'a calendar without a week',
    'fleet: {time_zone: UTC, calendars: {«SCHEMA_KEY_MISSING»c: {}}}\nregions: {north: {}}\n',
  ),
]

const TOGETHER: readonly MalformedCase[] = [
  { name: 'nothing in it', files: { 'base.yaml': '«INV_EMPTY»# later\n' } },
  { name: 'no stores', files: { 'base.yaml': `«INV_EMPTY»${HEAD}` } },
  store(
    'many mistakes, all told',
    `name: «SCHEMA_VALUE_INVALID»1
hours: «INV_REFERENCE_UNKNOWN»lrge
gateway: «INV_REFERENCE_UNKNOWN»r1
link: {type: «SCHEMA_VALUE_INVALID»dial-up}
devices:
  d1: {profile: «INV_PROFILE_UNKNOWN»till, address: 10.0.0.1}
  d2: {profile: till-linux, address: «SCHEMA_VALUE_INVALID»10.0.0.300}
  d3: {profile: till-linux, «SCHEMA_KEY_UNKNOWN»addres: 10.0.0.3}`,
  ),
  {
    name: 'a broken file does not make names of others unknown',
    files: {
      'base.yaml': `fleet: {time_zone: UTC}\nprofiles: {p: «YAML_SYNTAX_INVALID»@}\n`,
      'x.yaml': `${STORES}  S1: {devices: {d1: {profile: q, address: a}}}\n`,
    },
  },
  {
    name: 'a broken profile does not make its devices wrong',
    files: {
      'base.yaml': 'fleet: {time_zone: UTC}\nregions: {north: {}}\nprofiles: {p: «SCHEMA_VALUE_INVALID»till}\n',
      'x.yaml': `${STORES}  S1: {devices: {d1: {profile: p, address: a}}}\n`,
    },
  },
]

export const MALFORMED_INVENTORIES: readonly MalformedCase[] = [
  ...SYNTAX,
  ...SHAPE,
  ...TRANSPORT,
  ...LOGIN,
  ...REFERENCES,
  ...ADDRESSES,
  ...HOURS,
  ...TOGETHER,
]
