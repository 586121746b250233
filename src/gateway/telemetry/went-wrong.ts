/** What `--log-level warn` is about: an error, an answer of 400 and above, or none. */
export function wentWrong({
  error,
  status = 500,
}: {
  readonly error: string | undefined
  readonly status: number | undefined
}): boolean {
  return error !== undefined || status >= 400
}
