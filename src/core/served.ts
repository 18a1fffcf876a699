import { type InputError, usageError } from './diagnostic.ts'
import { DEVICE_KINDS, type Device } from './fleet.ts'

const TERMS = ['kind', 'profile', 'region', 'store'] as const
type Term = (typeof TERMS)[number]

/** Serves whatever there is. */
export const SERVES_ALL = 'all'

/** What a worker serves: for each term, one of the values. */
type Serve = ReadonlyMap<Term, ReadonlySet<string>>

/**
 * `region:mazowieckie,kind:till` in one way of writing it, which also names the queue. Values of one term are alternatives, terms hold
 * together. Throws InputError.
 */
export function serveText(text: string | undefined): string {
  if (text === undefined || text === SERVES_ALL) return SERVES_ALL
  const terms = [...new Set(text.split(',').map((term) => term.trim()))].sort()
  for (const term of terms) {
    const [name = '', value = '', ...rest] = term.split(':')
    if (!(TERMS as readonly string[]).includes(name) || !/^[\p{L}\d._-]+$/u.test(value) || rest.length > 0) {
      throw unreadable(term, 'Write region:NAME, store:ID, kind:KIND or profile:NAME, with a comma between them.')
    }
    if (name === 'kind' && !(DEVICE_KINDS as readonly string[]).includes(value)) {
      throw unreadable(term, `Kinds are ${DEVICE_KINDS.join(', ')}.`)
    }
  }
  return terms.join(',')
}

/** Whether it is written as this version writes it: a worker of a later one may serve by terms that are not known here. */
export function canBeRead(serve: string): boolean {
  try {
    return serveText(serve) === serve
  } catch {
    return false
  }
}

/** Whether a worker that serves this works on the device. */
export function serves(serve: string, device: Pick<Device, Term>): boolean {
  if (serve === SERVES_ALL) return true
  return [...known(serve)].every(([term, values]) => values.has(device[term]))
}

/**
 * What a worker serves that may serve `right` and is asked for `asked`: terms that were not asked for are those of the right. Values that
 * lie outside it are told apart.
 */
export function narrowed(
  right: string,
  asked: string,
): { readonly serve: string; readonly outside: readonly string[] } {
  if (right === SERVES_ALL) return { serve: asked, outside: [] }
  const [allowed, wanted] = [known(right), asked === SERVES_ALL ? new Map<Term, Set<string>>() : known(asked)]
  const terms = [...new Set([...allowed.keys(), ...wanted.keys()])].flatMap((term) =>
    [...(wanted.get(term) ?? allowed.get(term) ?? [])].map((value) => [term, value] as const),
  )
  const outside = terms.filter(([term, value]) => allowed.get(term)?.has(value) === false)
  return { serve: serveText(terms.map(written).join(',')), outside: outside.map(written) }
}

function written([term, value]: readonly [Term, string]): string {
  return `${term}:${value}`
}

const read = new Map<string, Serve>()

function known(serve: string): Serve {
  const found = read.get(serve)
  if (found) return found
  const terms = new Map<Term, Set<string>>()
  for (const [name, value = ''] of serve.split(',').map((term) => term.split(':'))) {
    const values = terms.get(name as Term) ?? new Set()
    terms.set(name as Term, values.add(value))
  }
  read.set(serve, terms)
  return terms
}

function unreadable(term: string, detail: string): InputError {
  const summary = `"${term}" is nothing that a worker can serve`
  return usageError(summary, detail)
}
