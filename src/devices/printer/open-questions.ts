import type { Asking } from './protocol.ts'

/** The questions of a visit, those that have an answer by now, and how long there is for the rest. */
export class OpenQuestions<Question, Answer> {
  readonly answers = new Map<Question, Answer>()
  readonly began: number
  readonly questions: readonly Question[]
  readonly #asking: Asking

  constructor(asking: Asking, questions: readonly Question[]) {
    this.#asking = asking
    this.questions = questions
    this.began = asking.now().getTime()
  }

  pending(): Question[] {
    return this.questions.filter((question) => !this.answers.has(question))
  }

  /** Milliseconds until the time for the whole visit is up. */
  leftMs(): number {
    return this.began + this.#asking.budgetMs - this.#asking.now().getTime()
  }
}
