import { machineLoad } from '../../load/machine-load.ts'
import type { Asking } from './protocol.ts'

/** The questions of a visit, those that have an answer by now, and how long there is for the rest. */
export class OpenQuestions<Question, Answer> {
  readonly answers = new Map<Question, Answer>()
  readonly began: number
  readonly questions: readonly Question[]
  readonly #budgetMs: number
  readonly #beganFairly = machineLoad.elapsed()

  constructor(asking: Asking, questions: readonly Question[]) {
    this.#budgetMs = asking.budgetMs
    this.questions = questions
    this.began = asking.now().getTime()
  }

  pending(): Question[] {
    return this.questions.filter((question) => !this.answers.has(question))
  }

  /** Milliseconds until the time for the whole visit is up; what an overloaded machine lost of it does not count. */
  leftMs(): number {
    return this.#budgetMs - (machineLoad.elapsed() - this.#beganFairly)
  }
}
