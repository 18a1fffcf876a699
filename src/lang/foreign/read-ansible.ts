import { type Dirent, readdirSync, statSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { type Diagnostic, InputError } from '../../core/diagnostic.ts'
import { isMap, type JsonValue } from '../../core/json.ts'
import { type ForeignProblem, readAnsibleIni } from './ansible-ini.ts'
import { AnsibleInventory, VAULT } from './ansible-model.ts'
import { PLUGIN, parseAnsibleYaml, readAnsibleYaml } from './ansible-yaml.ts'
import { foreignError, foreignText, foreignWarning, whyUnread } from './foreign-diagnostic.ts'

const YAML_ENDINGS = ['.yml', '.yaml', '.json']
/** Of variables, in the order in which Ansible looks for them. */
const VARS_ENDINGS = ['', ...YAML_ENDINGS]
const MADE = 'Import what it makes: ansible-inventory -i FILE --list --export > inventory.json'
/** What Ansible itself passes over in a folder of inventories. */
const IGNORED = /^\.|~$|\.(orig|ini|cfg|retry|py[co]|bak|swp|rpm|md|txt|rst)$/

export interface ReadInventory {
  readonly inventory: AnsibleInventory
  readonly diagnostics: readonly Diagnostic[]
}

/** Reads an inventory of Ansible, a file or a folder, with the group_vars and host_vars beside it. */
export function readAnsibleInventory(path: string): ReadInventory {
  const inventory = new AnsibleInventory()
  inventory.group('all')
  inventory.group('ungrouped')
  const diagnostics: Diagnostic[] = []
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return { inventory, diagnostics: [foreignError(path, 1, 'there is no such file or folder')] }
  const files = stat.isDirectory() ? inventoryFiles(path) : [path]
  for (const file of files) diagnostics.push(...readFile(file, inventory))
  if (stat.isDirectory() && files.length === 0) diagnostics.push(...passedOver(path))
  const folder = stat.isDirectory() ? path : dirname(path)
  diagnostics.push(...readVars(join(folder, 'group_vars'), inventory, (name) => inventory.groups.get(name)?.fileVars))
  diagnostics.push(...readVars(join(folder, 'host_vars'), inventory, (name) => inventory.hosts.get(name)?.fileVars))
  return { inventory, diagnostics }
}

/** Of a folder Ansible itself reads no `.ini`; a person who names it here means the file in it. */
function passedOver(folder: string): readonly Diagnostic[] {
  const named = entriesOf(folder)
    .map(({ name }) => name)
    .filter((name) => /\.(ini|cfg)$/.test(name) && !name.startsWith('.'))
  if (named.length === 0) return []
  const what = `Ansible passes over files named *.ini and *.cfg in a folder: ${named.join(', ')}`
  return [
    foreignError(
      folder,
      1,
      what,
      `Name the file itself: till inventory import ansible ${join(folder, named[0] ?? '')}`,
    ),
  ]
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    throw new InputError([foreignError(folder, 1, whyUnread(error as NodeJS.ErrnoException))])
  }
}

/** In the order of the names, folder by folder, as Ansible goes through them: what comes last counts. */
function inventoryFiles(folder: string): readonly string[] {
  return entriesOf(folder)
    .filter(({ name }) => !IGNORED.test(name) && !/^(group_vars|host_vars|vars_plugins)$/.test(name))
    .flatMap(({ name }) => (isFolder(join(folder, name)) ? inventoryFiles(join(folder, name)) : [join(folder, name)]))
}

/** Links to folders are folders to Ansible, too. */
function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function readFile(file: string, inventory: AnsibleInventory): readonly Diagnostic[] {
  const text = foreignText(file)
  if (text.startsWith('#!') && !YAML_ENDINGS.includes(extname(file))) {
    return [foreignError(file, 1, 'it is a program that makes an inventory', MADE)]
  }
  inventory.file = file
  return read(text, file, inventory).map((problem) => problemOf(file, problem))
}

function problemOf(file: string, { line, what, isLoss }: ForeignProblem): Diagnostic {
  if (isLoss) return foreignWarning(file, what, undefined, line)
  return foreignError(file, line, what, what === PLUGIN ? MADE : undefined)
}

function read(text: string, file: string, inventory: AnsibleInventory): readonly ForeignProblem[] {
  if (YAML_ENDINGS.includes(extname(file))) return readAnsibleYaml(text, inventory)
  const looksLikeYaml = /^---|^[\w-]+:\s*$/m.test(text) && !/^\[/m.test(text)
  return looksLikeYaml || text.trimStart().startsWith('{')
    ? readAnsibleYaml(text, inventory)
    : readAnsibleIni(text, inventory)
}

/**
 * `group_vars/NAME`, which may be a folder, or else `NAME.yml`, `.yaml`, `.json`: Ansible reads the first that is there, and none
 * of the others (find_vars_files of its dataloader.py). What it passes over is said, and what belongs to nobody.
 */
function readVars(
  folder: string,
  inventory: AnsibleInventory,
  varsOf: (name: string) => Record<string, JsonValue> | undefined,
): readonly Diagnostic[] {
  if (!isFolder(folder)) return []
  const entries = entriesOf(folder).flatMap(({ name }) => (IGNORED.test(name) ? [] : [name]))
  const names = new Set(entries.map((entry) => entry.replace(/\.(ya?ml|json)$/, '')))
  return [...names].flatMap((name) => {
    const [path = '', ...others] = VARS_ENDINGS.map((ending) => name + ending)
      .filter((entry) => entries.includes(entry))
      .map((entry) => join(folder, entry))
    const vars = varsOf(name)
    if (vars === undefined)
      return [foreignWarning(path, `its values belong to "${name}", which the inventory does not have`)]
    const files = isFolder(path) ? filesOfVars(path) : [path]
    const passed = others.map((other) => passedFor(other, path))
    return [...passed, ...files.flatMap((file) => readVarsFile(file, vars, inventory))]
  })
}

function passedFor(other: string, path: string): Diagnostic {
  const detail =
    'Ansible takes the first of NAME, NAME.yml, NAME.yaml and NAME.json. Put all of it into one of them if it is meant.'
  return foreignWarning(other, `Ansible does not read it, beside ${basename(path)}`, detail)
}

/** Of a folder of variables Ansible reads what ends as YAML, or has no ending; `main.yml.disabled` is switched off. */
function filesOfVars(folder: string): readonly string[] {
  return entriesOf(folder).flatMap(({ name }) => {
    const path = join(folder, name)
    const ending = extname(name)
    if (/^\.|~$/.test(name)) return []
    if (isFolder(path)) return ending === '' ? filesOfVars(path) : []
    return VARS_ENDINGS.includes(ending) ? [path] : []
  })
}

function readVarsFile(
  file: string,
  vars: Record<string, JsonValue>,
  inventory: AnsibleInventory,
): readonly Diagnostic[] {
  const { value, problems, lineAt } = parseAnsibleYaml(foreignText(file))
  const told = problems.map((problem) => problemOf(file, problem))
  if (problems.some(({ isLoss }) => !isLoss)) return told
  if (value === VAULT) {
    return [
      foreignWarning(
        file,
        'the whole file is encrypted by ansible-vault',
        'Name its secrets instead: {secret: "env:NAME"} or {secret: "file:/path"}.',
      ),
    ]
  }
  if (value === null) return told
  if (!isMap(value)) return [...told, foreignError(file, 1, 'a file of variables is a map')]
  inventory.file = file
  inventory.assign(vars, value, (name) => lineAt([name]))
  return told
}
