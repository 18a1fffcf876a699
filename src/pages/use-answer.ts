import { useEffect, useState } from 'preact/hooks'
import { ask, Refused } from './ask.ts'
import { onNews } from './news.ts'

export interface Answer<T> {
  readonly value?: T
  readonly why?: Error
  /** Asks again. */
  readonly again: () => void
}

/** The answer to a question, asked again when the server has news, or when it was asked to. What was there stays until then. */
export function useAnswer<T>(path: string | undefined, options: { readonly run?: string } = {}): Answer<T> {
  const [state, setState] = useState<{ path?: string | undefined; value?: T; why?: Error }>({})
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    if (path === undefined) return
    const controller = new AbortController()
    const load = (isBackground: boolean): void => {
      ask<T>(path, { isBackground, signal: controller.signal }).then(
        (value) => setState({ path, value }),
        (error) => {
          if (controller.signal.aborted) return
          if (error instanceof Refused && error.status === 401) location.reload()
          setState({ path, why: error as Error })
        },
      )
    }
    load(turn > 0)
    const stop = onNews(options.run, () => load(true))
    return () => {
      stop()
      controller.abort()
    }
  }, [path, turn, options.run])
  const again = (): void => setTurn(turn + 1)
  return state.path === path
    ? {
        ...(state.value !== undefined && { value: state.value }),
        ...(state.why !== undefined && { why: state.why }),
        again,
      }
    : { again }
}
