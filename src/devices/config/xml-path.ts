import { type Parsed, parsed, problem } from './codec.ts'

export interface XmlStep {
  readonly name: string
  /** From 1, among the elements that have the name and meet the conditions. */
  readonly index?: number
  readonly where?: readonly { readonly name: string; readonly value: string }[]
}

export interface XmlPath {
  readonly steps: readonly XmlStep[]
  readonly attribute?: string
}

const NAME = '[^\\s<>/=\\[\\]@\'"!?&]+'
const STEP = new RegExp(`(${NAME})((?:\\[(?:\\d+|@${NAME}=(?:'[^']*'|"[^"]*"))\\])*)(/|$)`, 'y')

/** Reads `a/b[@id='x'][2]/@attribute`: the part of XPath that names one place. */
export function xmlPath(key: string): Parsed<XmlPath> {
  const steps: XmlStep[] = []
  for (let at = 0; at < key.length; ) {
    if (steps.length > 0 && key[at] === '@') {
      const attribute = new RegExp(`^${NAME}$`).exec(key.slice(at + 1))?.[0]
      return attribute === undefined ? problem(`"${key}": no attribute has such a name`) : parsed({ steps, attribute })
    }
    STEP.lastIndex = at
    const [whole, name, conditions = ''] = STEP.exec(key) ?? []
    if (whole === undefined || name === undefined) return problem(`"${key}" is not a path like a/b[@id='x']/@name`)
    steps.push({ name, ...conditionsOf(conditions) })
    at += whole.length
    if (whole.endsWith('/') && at === key.length) return problem(`"${key}" ends in "/"`)
  }
  return steps.length === 0 ? problem('a path cannot be empty') : parsed({ steps })
}

function conditionsOf(text: string): Pick<XmlStep, 'index' | 'where'> {
  const where: { name: string; value: string }[] = []
  let index: number | undefined
  for (const [, number, name, value] of text.matchAll(/\[(?:(\d+)|@([^=]+)=('[^']*'|"[^"]*"))\]/g)) {
    if (number !== undefined) index = Number(number)
    else if (name !== undefined) where.push({ name, value: (value ?? '').slice(1, -1) })
  }
  return { ...(index !== undefined && { index }), ...(where.length > 0 && { where }) }
}

/** The reverse of `xmlPath`. */
export function pathText(path: XmlPath): string {
  const steps = path.steps.map((step) => {
    const where = (step.where ?? []).map(({ name, value }) => `[@${name}='${value}']`).join('')
    return `${step.name}${where}${step.index === undefined ? '' : `[${step.index}]`}`
  })
  return steps.join('/') + (path.attribute === undefined ? '' : `/@${path.attribute}`)
}
