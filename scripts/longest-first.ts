import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import LONG from './long-tests.json' with { type: 'json' }

/** The longest files first: begun last, one of them would keep the end waiting by itself. The others, as Vitest orders them. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ project, moduleId }: TestSpecification): number => {
      const known = LONG.indexOf(relative(project.config.root, moduleId))
      return known < 0 ? LONG.length : known
    }
    return (await super.sort(files)).sort((a, b) => place(a) - place(b))
  }
}
