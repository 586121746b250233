import { AgwError } from '../errors.ts'

/** With another engine, the flags of the embedded one would do nothing. Throws USAGE where one was given. */
export function refuseEmbeddedFlags(argv: readonly string[], embedded: readonly string[]): void {
  const given = argv
    .filter(word => word.startsWith('--'))
    .map(word => word.replace(/^--(?:no-)?/, '').replace(/=.*/s, ''))
  const flag = given.find(name => name !== 'engine' && embedded.includes(name))
  if (flag === undefined) return
  throw new AgwError('USAGE', `--${flag} is for the embedded engine only`, {
    hint: 'leave it out, or leave --engine out',
  })
}
