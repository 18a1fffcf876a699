// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
/** Runbooks with mistakes: what is told about each, as `CODE line:column`. One or more, all in one go. */
export interface MalformedCase {
  readonly name: string
  readonly text: string
  readonly expected: readonly string[]
}

/** A runbook with one service step, and `more` as further keys of that step. */
function step(more: string): string {
  return `steps:\n  - service: { name: agent, state: running }\n${more.replace(/^/gm, '    ')}\n`
}

function when(condition: string): string {
  return step(`when: ${condition}`)
}

function params(declarations: string): string {
  return `params:\n${declarations.replace(/^/gm, '  ')}\nsteps:\n  - facts:\n`
}

function command(run: string): string {
  return `steps:\n  - command: { run: ${run}, always: true }\n`
}

export const MALFORMED_RUNBOOKS: readonly MalformedCase[] = [
  // the file as a whole
  { name: 'nothing', text: '', expected: ['SCHEMA_VALUE_INVALID 1:1'] },
  { name: 'only a comment', text: '# later\n', expected: ['SCHEMA_VALUE_INVALID 1:1'] },
  { name: 'a list', text: '- facts:\n', expected: ['SCHEMA_VALUE_INVALID 1:1'] },
  { name: 'a word', text: 'facts\n', expected: ['SCHEMA_VALUE_INVALID 1:1'] },
  { name: 'a number', text: '42\n', expected: ['SCHEMA_VALUE_INVALID 1:1'] },
  { name: 'no steps', text: 'name: x\n', expected: ['SCHEMA_KEY_MISSING 1:1'] },
  { name: 'empty steps', text: 'steps: []\n', expected: ['SCHEMA_VALUE_INVALID 1:8'] },
  { name: 'steps that are a map', text: 'steps:\n  facts:\n', expected: ['SCHEMA_VALUE_INVALID 2:3'] },
  { name: 'steps that are empty', text: 'steps:\n', expected: ['SCHEMA_VALUE_INVALID 1:7'] },
  { name: 'a step that is a word', text: 'steps:\n  - facts\n', expected: ['SCHEMA_VALUE_INVALID 2:5'] },
  { name: 'a step that is empty', text: 'steps:\n  -\n', expected: ['SCHEMA_VALUE_INVALID 2:4'] },
  { name: 'tabs', text: 'steps:\n\t- facts:\n', expected: ['YAML_SYNTAX_INVALID 2:1'] },
  {
    name: 'a bracket that never closes',
    text: 'steps:\n  - service: { name: agent\n',
    expected: ['YAML_SYNTAX_INVALID 3:1'],
  },
  {
    name: 'a quote that never closes',
    text: 'name: "agent\nsteps:\n  - facts:\n',
    expected: ['YAML_SYNTAX_INVALID 1:7'],
  },
  { name: 'a key twice', text: 'name: a\nname: b\nsteps:\n  - facts:\n', expected: ['YAML_KEY_DUPLICATE 2:1'] },
  {
    name: 'a second merge',
    text: 'steps:\n  - &a {facts: }\n  - {id: b, <<: *a, <<: *a}\n',
    expected: ['YAML_KEY_DUPLICATE 3:21'],
  },
  { name: 'two documents', text: 'steps:\n  - facts:\n---\nsteps: []\n', expected: ['YAML_SYNTAX_INVALID 3:1'] },
  { name: 'an alias to nothing', text: 'steps: *all\n', expected: ['YAML_SYNTAX_INVALID 1:8'] },
  { name: 'a control character', text: 'name: a\u0007\nsteps:\n  - facts:\n', expected: ['YAML_SYNTAX_INVALID 1:8'] },
  { name: 'an unknown key', text: 'step:\n  - facts:\nsteps:\n  - facts:\n', expected: ['SCHEMA_KEY_UNKNOWN 1:1'] },
  {
    name: 'a name in capitals',
    text: 'name: Agent Update\nsteps:\n  - facts:\n',
    expected: ['SCHEMA_VALUE_INVALID 1:7'],
  },
  { name: 'a name that is a number', text: 'name: 7\nsteps:\n  - facts:\n', expected: ['SCHEMA_VALUE_INVALID 1:7'] },
  {
    name: 'a description that is a list',
    text: 'description: [a]\nsteps:\n  - facts:\n',
    expected: ['SCHEMA_VALUE_INVALID 1:14'],
  },
  // modules
  {
    name: 'an unknown module',
    text: 'steps:\n  - servce: { name: a, state: running }\n',
    expected: ['RUNBOOK_MODULE_UNKNOWN 2:5'],
  },
  {
    name: 'a module of another program',
    text: 'steps:\n  - systemd_unit: { name: a }\n',
    expected: ['RUNBOOK_MODULE_UNKNOWN 2:5'],
  },
  { name: 'no module', text: 'steps:\n  - name: nothing\n', expected: ['RUNBOOK_MODULE_UNKNOWN 2:5'] },
  { name: 'an empty map as a step', text: 'steps:\n  - {}\n', expected: ['RUNBOOK_MODULE_UNKNOWN 2:5'] },
  { name: 'two modules', text: step('facts: {}'), expected: ['RUNBOOK_MODULE_UNKNOWN 3:5'] },
  { name: 'a typo in a key of a step', text: step('whn: true'), expected: ['SCHEMA_KEY_UNKNOWN 3:5'] },
  {
    name: 'a typo in a key of a step without a module',
    text: 'steps:\n  - rollbak: []\n',
    expected: ['SCHEMA_KEY_UNKNOWN 2:5'],
  },
  { name: 'parameters that are a word', text: 'steps:\n  - service: agent\n', expected: ['SCHEMA_VALUE_INVALID 2:14'] },
  {
    name: 'parameters that are a list',
    text: 'steps:\n  - service: [agent]\n',
    expected: ['SCHEMA_VALUE_INVALID 2:14'],
  },
  {
    name: 'a parameter that is missing',
    text: 'steps:\n  - service: { name: agent }\n',
    expected: ['SCHEMA_KEY_MISSING 2:5'],
  },
  {
    name: 'two parameters that are missing',
    text: 'steps:\n  - service: {}\n',
    expected: ['SCHEMA_KEY_MISSING 2:5', 'SCHEMA_KEY_MISSING 2:5'],
  },
  {
    name: 'parameters left out',
    text: 'steps:\n  - service:\n',
    expected: ['SCHEMA_KEY_MISSING 2:5', 'SCHEMA_KEY_MISSING 2:5'],
  },
  {
    name: 'an unknown parameter',
    text: 'steps:\n  - service: { name: a, state: running, enable: true }\n',
    expected: ['SCHEMA_KEY_UNKNOWN 2:41'],
  },
  {
    name: 'a value that is not one of the list',
    text: 'steps:\n  - service: { name: a, state: runing }\n',
    expected: ['SCHEMA_VALUE_INVALID 2:32'],
  },
  {
    name: 'a value of another type',
    text: 'steps:\n  - service:\n      name: a\n      state: running\n      enabled: "yes"\n',
    expected: ['SCHEMA_VALUE_INVALID 5:16'],
  },
  {
    name: 'a value of another form',
    text: 'steps:\n  - service: { name: "a*b", state: running }\n',
    expected: ['SCHEMA_VALUE_INVALID 2:22'],
  },
  {
    name: 'a number out of range',
    text: 'steps:\n  - wait: { for: { port: 70000 } }\n',
    expected: ['SCHEMA_VALUE_INVALID 2:26'],
  },
  {
    name: 'a mistake deep inside',
    text: 'steps:\n  - package:\n      name: a\n      file:\n        path: x.deb\n        sha256: abc\n',
    expected: ['SCHEMA_VALUE_INVALID 6:17'],
  },
  {
    name: 'parameters that do not go together',
    text: 'steps:\n  - command: { run: x }\n',
    expected: ['SCHEMA_VALUE_INVALID 2:5'],
  },
  {
    name: 'an expression without its signs',
    text: 'steps:\n  - assert: { that: device.kind == "till" }\n',
    expected: ['SCHEMA_VALUE_INVALID 2:21'],
  },
  // ids and reactions
  {
    name: 'an id twice',
    text: 'steps:\n  - { id: a, facts: {} }\n  - { id: a, facts: {} }\n',
    expected: ['RUNBOOK_STEP_DUPLICATE 3:11'],
  },
  {
    name: 'an id twice, once in a rollback',
    text: 'steps:\n  - id: a\n    facts:\n    rollback:\n      - { id: a, facts: {} }\n',
    expected: ['RUNBOOK_STEP_DUPLICATE 5:15'],
  },
  {
    name: 'an id in capitals',
    text: 'steps:\n  - { id: Agent, facts: {} }\n',
    expected: ['SCHEMA_VALUE_INVALID 2:11'],
  },
  {
    name: 'an id that is a number',
    text: 'steps:\n  - { id: 1, facts: {} }\n',
    expected: ['SCHEMA_VALUE_INVALID 2:11'],
  },
  {
    name: 'a reaction to an unknown step',
    text: `steps:\n  - { id: config, facts: {} }\n  - service: { name: a, state: running }\n    restart_on: [confg]\n`,
    expected: ['RUNBOOK_STEP_UNKNOWN 4:18'],
  },
  {
    name: 'a reaction to a later step',
    text: `${step('restart_on: [last]')}  - { id: last, facts: {} }\n`,
    expected: ['RUNBOOK_STEP_UNKNOWN 3:18'],
  },
  {
    name: 'a reaction to itself',
    text: step('id: agent\nrestart_on: [agent]'),
    expected: ['RUNBOOK_STEP_UNKNOWN 4:18'],
  },
  {
    name: 'a reaction of a module that does not react',
    text: 'steps:\n  - { id: a, facts: {} }\n  - facts:\n    restart_on: [a]\n',
    expected: ['RUNBOOK_REACTION_INVALID 4:5'],
  },
  {
    name: 'a reaction that is a word',
    text: `steps:\n  - { id: a, facts: {} }\n  - service: { name: a, state: running }\n    restart_on: a\n`,
    expected: ['SCHEMA_VALUE_INVALID 4:17'],
  },
  { name: 'a reaction to nothing', text: step('restart_on: []'), expected: ['SCHEMA_VALUE_INVALID 3:17'] },
  { name: 'a timeout without a unit', text: step('timeout: 90'), expected: ['SCHEMA_VALUE_INVALID 3:14'] },
  { name: 'a timeout in words', text: step('timeout: 2 minutes'), expected: ['SCHEMA_VALUE_INVALID 3:14'] },
  { name: 'a timeout of nothing', text: step('timeout: 0s'), expected: ['SCHEMA_VALUE_INVALID 3:14'] },
  { name: 'a timeout of days', text: step('timeout: 48h'), expected: ['SCHEMA_VALUE_INVALID 3:14'] },
  {
    name: 'continue_on_failure in words',
    text: step('continue_on_failure: "yes"'),
    expected: ['SCHEMA_VALUE_INVALID 3:26'],
  },
  {
    name: 'on_failure that is a map',
    text: step('on_failure: { facts: {} }'),
    expected: ['SCHEMA_VALUE_INVALID 3:17'],
  },
  {
    name: 'a rollback inside a rollback',
    text: step('rollback:\n  - facts:\n    rollback: [{ facts: {} }]'),
    expected: ['SCHEMA_KEY_UNKNOWN 5:9'],
  },
  {
    name: 'an unknown module inside on_failure',
    text: step('on_failure:\n  - fact: {}'),
    expected: ['RUNBOOK_MODULE_UNKNOWN 4:9'],
  },
  // expressions
  { name: 'an unknown variable', text: when('devce.kind == "till"'), expected: ['EXPRESSION_INVALID 3:11'] },
  { name: 'an unknown field', text: when('device.knd == "till"'), expected: ['EXPRESSION_INVALID 3:18'] },
  { name: 'an unknown field, deeper', text: when('device.os.famly == "linux"'), expected: ['EXPRESSION_INVALID 3:21'] },
  { name: 'an unknown field inside has()', text: when('has(device.os.famly)'), expected: ['EXPRESSION_INVALID 3:25'] },
  { name: 'a value that a field never has', text: when('device.kind == "tll"'), expected: ['EXPRESSION_INVALID 3:26'] },
  { name: 'types that do not go together', text: when('device.kind == 3'), expected: ['EXPRESSION_INVALID 3:11'] },
  { name: 'no condition', text: when('device.kind'), expected: ['EXPRESSION_INVALID 3:11'] },
  { name: 'a condition that is true', text: when('true'), expected: ['SCHEMA_VALUE_INVALID 3:11'] },
  { name: 'an empty condition', text: when('""'), expected: ['SCHEMA_VALUE_INVALID 3:11'] },
  { name: 'an expression that ends too early', text: when('device.kind =='), expected: ['EXPRESSION_INVALID 3:25'] },
  {
    name: 'words of another language',
    text: when('device.kind == "till" and true'),
    expected: ['EXPRESSION_INVALID 3:33'],
  },
  { name: 'one equals sign', text: when('device.kind = "till"'), expected: ['EXPRESSION_INVALID 3:23'] },
  { name: 'an unknown function', text: when('device.id.startWith("pos")'), expected: ['EXPRESSION_INVALID 3:21'] },
  { name: 'a pattern that is none', text: when('device.id.matches("[")'), expected: ['EXPRESSION_INVALID 3:29'] },
  { name: 'an unknown step', text: when('steps.confg.changed'), expected: ['RUNBOOK_STEP_UNKNOWN 3:17'] },
  {
    name: 'a later step',
    text: `${when('steps.last.changed')}  - { id: last, facts: {} }\n`,
    expected: ['RUNBOOK_STEP_UNKNOWN 3:17'],
  },
  {
    name: 'an unknown field of a step',
    text: `steps:\n  - { id: a, facts: {} }\n  - facts:\n    when: steps.a.chnged\n`,
    expected: ['EXPRESSION_INVALID 4:19'],
  },
  {
    name: 'a dash in a step after a dot',
    text: `steps:\n  - { id: my-step, facts: {} }\n  - facts:\n    when: steps.my-step.changed\n`,
    expected: ['RUNBOOK_STEP_UNKNOWN 4:17'],
  },
  {
    name: 'a field that a step never shows',
    text: 'steps:\n  - { id: a, facts: {} }\n  - facts:\n    when: steps.a.value.kernal != ""\n',
    expected: ['EXPRESSION_INVALID 4:25'],
  },
  {
    name: 'a field of a field that is not there',
    text: 'steps:\n  - { id: a, facts: {} }\n  - facts:\n    when: steps.a.value.os.edtion == ""\n',
    expected: ['EXPRESSION_INVALID 4:28'],
  },
  {
    name: 'a field inside has that is not there',
    text: 'steps:\n  - { id: a, facts: {} }\n  - facts:\n    when: has(steps.a.value.memory.total)\n',
    expected: ['EXPRESSION_INVALID 4:36'],
  },
  {
    name: 'a field in brackets that is not there',
    text: 'steps:\n  - { id: a, facts: {} }\n  - facts:\n    when: steps["a"].value["memroy"].total_bytes > 1\n',
    expected: ['EXPRESSION_INVALID 4:28'],
  },
  {
    name: 'a text that a field never is',
    text: 'steps:\n  - { id: a, tcp: { port: 80, from: controller } }\n  - facts:\n    when: steps.a.value.state == "closed"\n',
    expected: ['EXPRESSION_INVALID 4:34'],
  },
  {
    name: 'a field that a step shows in other files',
    text: 'steps:\n  - { id: a, tcp: { port: 80, from: controller } }\n  - facts:\n    when: steps.a.value.cpus > 1\n',
    expected: ['EXPRESSION_INVALID 4:25'],
  },
  {
    name: 'the signs around a condition',
    text: when('${{ device.kind == "till" }}'),
    expected: ['EXPRESSION_INVALID 3:11'],
  },
  {
    name: 'a condition in double quotes',
    text: when('"device.knd == \'till\'"'),
    expected: ['EXPRESSION_INVALID 3:19'],
  },
  {
    name: 'a condition in a block',
    text: step('when: |\n  device.kind == "till" &&\n  device.idd == "pos1"'),
    expected: ['EXPRESSION_INVALID 5:14'],
  },
  {
    name: 'a condition in a folded block',
    text: step('when: >-\n  device.kind == "till" &&\n  device.idd == "pos1"'),
    expected: ['EXPRESSION_INVALID 5:14'],
  },
  {
    name: 'a target that sees steps',
    text: 'targets: steps.a.changed\nsteps:\n  - { id: a, facts: {} }\n',
    expected: ['EXPRESSION_INVALID 1:10'],
  },
  {
    name: 'a target with vars',
    text: 'targets: vars.beta == true\nsteps:\n  - facts:\n',
    expected: ['EXPRESSION_INVALID 1:10'],
  },
  {
    name: 'a bare name of a field',
    text: 'targets: kind == "till"\nsteps:\n  - facts:\n',
    expected: ['EXPRESSION_INVALID 1:10'],
  },
  // templates
  { name: 'a template that is not closed', text: command('"echo ${{ vars.a"'), expected: ['EXPRESSION_INVALID 2:27'] },
  {
    name: 'a mistake inside a template',
    text: command('"echo ${{ vars.a + }}"'),
    expected: ['EXPRESSION_INVALID 2:39'],
  },
  { name: 'an empty template', text: command('"echo ${{ }}"'), expected: ['EXPRESSION_INVALID 2:30'] },
  {
    name: 'two mistakes in one text',
    text: command('"${{ a }} and ${{ b }}"'),
    expected: ['EXPRESSION_INVALID 2:26', 'EXPRESSION_INVALID 2:39'],
  },
  { name: 'a mistake in a list', text: command('[echo, "${{ device.idd }}"]'), expected: ['EXPRESSION_INVALID 2:40'] },
  {
    name: 'a mistake in a block',
    text: 'steps:\n  - script:\n      always: true\n      body: |\n        set -e\n        echo ${{ params.versoin }}\n',
    expected: ['EXPRESSION_INVALID 6:25'],
  },
  {
    name: 'an expression as a key',
    text: 'steps:\n  - service: { name: a, state: running, "${{ device.id }}": 1 }\n',
    expected: ['SCHEMA_KEY_UNKNOWN 2:41', 'EXPRESSION_INVALID 2:42'],
  },
  {
    name: 'an unknown parameter of the runbook',
    text: `params:\n  version: { type: string, default: "7" }\n${command('"${{ params.versoin }}"')}`,
    expected: ['EXPRESSION_INVALID 4:33'],
  },
  // parameters of the runbook
  { name: 'a parameter without a type', text: params('version: {}'), expected: ['SCHEMA_KEY_MISSING 2:3'] },
  { name: 'a parameter that is only its default', text: params('version: 7'), expected: ['SCHEMA_VALUE_INVALID 2:12'] },
  { name: 'an unknown type', text: params('count: { type: int }'), expected: ['SCHEMA_VALUE_INVALID 2:18'] },
  {
    name: 'a default of another type',
    text: params('count: { type: integer, default: many }'),
    expected: ['RUNBOOK_PARAM_INVALID 2:36'],
  },
  {
    name: 'a default that is no whole number',
    text: params('count: { type: integer, default: 1.5 }'),
    expected: ['RUNBOOK_PARAM_INVALID 2:36'],
  },
  {
    name: 'a default that is not one of the list',
    text: params('ring: { type: string, enum: [a, b], default: c }'),
    expected: ['RUNBOOK_PARAM_INVALID 2:48'],
  },
  {
    name: 'a list of another type',
    text: params('ring: { type: string, enum: [a, 1] }'),
    expected: ['RUNBOOK_PARAM_INVALID 2:35'],
  },
  {
    name: 'required with a default',
    text: params('ring: { type: string, required: true, default: a }'),
    expected: ['RUNBOOK_PARAM_INVALID 2:35'],
  },
  {
    name: 'a typo in a declaration',
    text: params('ring: { type: string, defalt: a }'),
    expected: ['SCHEMA_KEY_UNKNOWN 2:25'],
  },
  { name: 'a name with a dash', text: params('my-ring: { type: string }'), expected: ['SCHEMA_VALUE_INVALID 2:3'] },
  {
    name: 'required and not given',
    text: params('ring: { type: string, required: true }'),
    expected: ['RUNBOOK_PARAM_INVALID 2:3'],
  },
  // classification
  {
    name: 'a row without a fault',
    text: 'steps:\n  - facts:\nclassify:\n  - { when: "true", severity: minor }\n',
    expected: ['SCHEMA_KEY_MISSING 4:5'],
  },
  {
    name: 'a row with an unknown step',
    text: 'steps:\n  - facts:\nclassify:\n  - { when: steps.fcts.changed, fault: a, severity: minor }\n',
    expected: ['RUNBOOK_STEP_UNKNOWN 4:19'],
  },
  {
    name: 'a state that no step has',
    text: 'steps:\n  - facts:\nclassify:\n  - { when: steps.facts.state == "broken", fault: a, severity: minor }\n',
    expected: ['EXPRESSION_INVALID 4:34'],
  },
  {
    name: 'classification that is a map',
    text: 'steps:\n  - facts:\nclassify: { when: "true" }\n',
    expected: ['SCHEMA_VALUE_INVALID 3:11'],
  },
  // several
  {
    name: 'everything at once',
    text: 'nme: x\nsteps:\n  - servce: {}\n  - service: { name: a, state: up }\n    when: device.knd == "till"\n    restart_on: [x]\n',
    expected: [
      'SCHEMA_KEY_UNKNOWN 1:1',
      'RUNBOOK_MODULE_UNKNOWN 3:5',
      'SCHEMA_VALUE_INVALID 4:32',
      'EXPRESSION_INVALID 5:18',
      'RUNBOOK_STEP_UNKNOWN 6:18',
    ],
  },
]
