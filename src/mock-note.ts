/** What is said where the built-in mock stands behind a gateway; `missing` as {@link UsableConfig.missing}. */
export function mockNote(missing: readonly string[]): string {
  const answers = 'the built-in mock answers for every provider: no request leaves this machine'
  return missing.length === 0
    ? answers
    : `${answers}; a stand-in serves for what is missing: ${missing.join('; ')}`
}
