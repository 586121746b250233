import type { FileProblem, FileProblemCode } from '../read.ts'
import type { ProblemCode, SourceProblem } from '../source-problem.ts'

const CODES: Readonly<Record<FileProblemCode, ProblemCode>> = {
  missing: 'missing',
  empty: 'empty',
  unreadable: 'unreadable',
  'not-a-file': 'malformed',
  'not-utf8': 'malformed',
  'too-large': 'too-large',
}

/** What is wrong with a file, as a source says it. */
export function fileProblem({ code, message, hint }: FileProblem): SourceProblem {
  return { code: CODES[code], message, hint }
}
