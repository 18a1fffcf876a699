import type { CompiledQuery } from 'kysely'

/**
 * A query that is asked again and again with other parameters. It is built and compiled when it is asked for the first time: most commands
 * ask few of all that there are, and compiling a query costs several times what running it does.
 */
export function compiledLater<Row>(build: () => CompiledQuery<Row>): CompiledQuery<Row> {
  let built: CompiledQuery<Row> | undefined
  const compiled = (): CompiledQuery<Row> => {
    built ??= build()
    return built
  }
  return {
    get query() {
      return compiled().query
    },
    get queryId() {
      return compiled().queryId
    },
    get sql() {
      return compiled().sql
    },
    get parameters() {
      return compiled().parameters
    },
  }
}
