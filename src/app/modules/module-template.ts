// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions

/** The text of a module that works, for a user to change. */
export function moduleText(name: string): string {
  return MODULE.replaceAll('NAME', name)
}

/** The text of its cases. */
export function caseText(name: string): string {
  return CASES.replaceAll('NAME', name)
}

const MODULE = `# A module of your own. A step of a runbook uses it by its name:
#   - NAME: { text: hello, path: /etc/motd }
# Try it with: till module test NAME
# An editor completes this file by the schema that \`till schema module\` prints.
name: NAME
summary: Sees to it that a file holds a text

documentation: |
  What people should know who use it: \`till module show NAME\` prints this.

# What a step gives it, as JSON Schema. Other parameters are refused when the runbook is loaded.
params:
  required: [text, path]
  properties:
    text:
      description: What the file is to hold, in one line.
      type: string
      examples: [hello]
    path:
      description: The file.
      type: string
      minLength: 1
      examples: [/etc/motd]

# Which fields of what observe prints are to have which value. A field counts where the parameters in it were given.
desired:
  text: \${{ params.text }}

# For devices with a POSIX shell. Each parameter is a variable; one that was not given is not set.
posix:
  # Only looks, never writes, and prints one JSON object. These functions are there:
  #   need_tool NAME...            ends it, and says so, where a program is missing on the device
  #   json_object NAME VALUE ...   prints an object; "NAME:" takes a number, true, false, null or JSON as it is
  #   json_text TEXT               prints one text as JSON
  observe: |
    set -eu
    if [ -e "$path" ]; then
      json_object text "$(cat "$path")"
    else
      json_object text: null
    fi
  # Changes what differs; then it is looked again. Without it the module only checks. $till_changes names what differs.
  # It may be run twice, so it must do no harm the second time. What it leaves running must not hold its output.
  converge: |
    set -eu
    printf '%s\\n' "$text" >"$path"

# The same for Windows PowerShell 5.1. Parameters are in $v; one that was not given is $null.
powershell:
  observe: |
    $text = $null
    if (Test-Path -LiteralPath $v.path) { $text = [IO.File]::ReadAllText($v.path).TrimEnd("\`r", "\`n") }
    @{ text = $text } | ConvertTo-Json -Compress
  converge: |
    [IO.File]::WriteAllText($v.path, $v.text + "\`n")
`

const CASES = `# Cases of the module, for \`till module test NAME\`. Each has a folder of its own: $ROOT, here and in scripts.
# That observe writes nothing, and that converge may be run twice, is looked at in each.
- it: writes the text where there is no file
  params: { text: hello, path: $ROOT/motd }
  expect:
    value: { text: null }
    changes: [{ path: text, before: null, after: hello }]
  after:
    files: { motd: "hello\\n" }

- it: has nothing to do where the file holds the text
  given: { files: { motd: "hello\\n" } }
  params: { text: hello, path: $ROOT/motd }
  expect: { changes: [] }

- it: keeps any text as it is
  given: { files: { motd: "old\\n" } }
  params: { text: "it's \\"quoted\\" \\\\ and $HOME", path: $ROOT/motd }
  expect:
    changes: [{ path: text, before: old }]

- it: needs a path
  params: { text: hello }
  expect: { invalid: true }
`
