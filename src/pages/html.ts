import htm from 'htm'
import { h, type VNode } from 'preact'

/** What a page is made of. */
export type View = VNode | string | null

/** Templates of HTML; whatever is filled in is text, never markup. */
export const html = htm.bind(h) as (strings: TemplateStringsArray, ...values: unknown[]) => VNode
