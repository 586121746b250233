/** Why a regular expression does not compile, and what to do. */
export interface RegexProblem {
  readonly message: string
  readonly hint: string
}

export function regexProblem(_source: string): RegexProblem | undefined {
  return undefined
}
