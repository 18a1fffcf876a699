/** A report as rows of texts: what its renderings (HTML, XLSX, CSV) have in common. */
export interface Sheet {
  readonly title: string
  /** What is said about it, in sentences. */
  readonly notes: readonly string[]
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Characters by which a spreadsheet program takes a cell for a formula (OWASP, CSV Injection). */
const FORMULA = /^[=+\-@\t\r]/

/** Whether a spreadsheet program could take a text for a formula. A lone `-` is none: it stands for nothing. */
export function looksLikeFormula(text: string): boolean {
  return FORMULA.test(text) && text !== '-'
}

/** Without the control characters that neither XML nor a page can hold; line breaks and tabs stay. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
}

/** For a text or an attribute of XML or HTML. */
export function escapeMarkup(text: string): string {
  const named: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return printable(text).replace(/[&<>"']/g, (character) => named[character] ?? character)
}
