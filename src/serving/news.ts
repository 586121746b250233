/** What is told beside requests: something has gone wrong, or is well again. Holds no value. */
export interface News {
  readonly message: string
  /** What to do about it; `''` where there is nothing to do. */
  readonly hint: string
  readonly isTrouble: boolean
  /** Things on their way to somewhere, which begin to be lost or arrive again: what is sent and where to. */
  readonly way?: string
}

/** The event of it: trouble is a warning. */
export function newsEvent({
  message,
  hint,
  isTrouble,
}: News):
  | { readonly event: 'warning'; readonly message: string; readonly hint: string }
  | { readonly event: 'note'; readonly message: string } {
  return isTrouble ? { event: 'warning', message, hint } : { event: 'note', message }
}
