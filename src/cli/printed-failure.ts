/** A failure as it is printed: the same facts for the text and for `--json`. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly exitCode: number
  readonly diagnostics?: readonly unknown[]
}
