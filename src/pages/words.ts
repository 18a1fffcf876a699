import { en, type Words } from './words/en.ts'
import { pl } from './words/pl.ts'
import { ru } from './words/ru.ts'

export const LANGUAGES = { pl: 'Polski', ru: 'Русский', en: 'English' } as const
export type Language = keyof typeof LANGUAGES
const ALL: Readonly<Record<Language, Words>> = { en, pl, ru }
const KEPT = 'till-language'

function isLanguage(text: string | null): text is Language {
  return text !== null && text in ALL
}

/** The language that was chosen here, or the first of the browser's that there is. */
export function languageOf(): Language {
  const kept = localStorage.getItem(KEPT)
  if (isLanguage(kept)) return kept
  return navigator.languages.map((one) => one.slice(0, 2)).find(isLanguage) ?? 'en'
}

export let language: Language = 'en'
/** The texts in the language of the page. */
export let words: Words = en

export function speak(next: Language): void {
  language = next
  words = ALL[next]
  document.documentElement.lang = next
  localStorage.setItem(KEPT, next)
}

/** A text with its places filled in, in order. */
export function filled(text: string, ...values: readonly (string | number)[]): string {
  let at = 0
  return text.replaceAll('{}', () => String(values[at++] ?? ''))
}

/** A text with a number in it, in the form that the language has for that number. */
export function counted(forms: typeof words.times, count: number, ...values: readonly (string | number)[]): string {
  const form = new Intl.PluralRules(language).select(count)
  return filled(form in forms ? forms[form as keyof typeof forms] : forms.other, count, ...values)
}

/** The word for a state, a kind …; what has none is told as it is. */
export function wordFor(list: Readonly<Record<string, string>>, key: string): string {
  return Object.hasOwn(list, key) ? (list[key] ?? key) : key
}
