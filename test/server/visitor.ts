import { PASSWORD } from './accounts.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON the server has sent
  readonly json: any
}

/** A browser that has signed in, or a program with a token. */
export class Visitor {
  cookie = ''
  csrf = ''
  readonly #url: string
  readonly #token: string | undefined

  constructor(url: string, token?: string) {
    this.#url = url
    this.#token = token
  }

  async ask(
    path: string,
    init: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ): Promise<Answer> {
    const who = this.#token ? { authorization: `Bearer ${this.#token}` } : this.cookie ? { cookie: this.cookie } : {}
    const answer = await fetch(`${this.#url}${path}`, { ...init, headers: { ...who, ...init.headers } })
    const text = await answer.text()
    const isJson = answer.headers.get('content-type')?.includes('json')
    return { status: answer.status, headers: answer.headers, text, json: isJson ? JSON.parse(text) : undefined }
  }

  async signIn(account: string, password = PASSWORD, headers: Record<string, string> = {}): Promise<Answer> {
    const answer = await this.ask('/api/v1/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ account, password }),
    })
    if (answer.status === 200) {
      this.cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
      this.csrf = answer.json.csrf
    }
    return answer
  }
}
