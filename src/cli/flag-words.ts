/** What messages need to know of a flag; the library's own definitions have it. */
export interface KnownFlag {
  readonly type?: string
  readonly char?: string
  readonly env?: string
  readonly helpValue?: string | readonly string[]
  readonly options?: readonly string[]
  readonly min?: number
  readonly max?: number
  readonly multiple?: boolean
}

/** A command's flags, and what was given: typed, or by a variable. */
export interface GivenFlags {
  readonly flags: Readonly<Record<string, KnownFlag>>
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A flag as whoever gave it wrote it: `--port`, or `AGW_PORT` where that variable has set it. */
export function givenName(name: string, { flags, argv, env }: GivenFlags): string {
  const flag = flags[name]
  const variable = flag?.env
  if (variable === undefined || !env[variable]) return `--${name}`
  const end = argv.indexOf('--')
  const typed = (end < 0 ? argv : argv.slice(0, end)).some(
    word =>
      word.replace(/^--(?:no-)?/, '--').split('=')[0] === `--${name}` ||
      (flag?.char !== undefined && !word.startsWith('--') && word.startsWith(`-${flag.char}`)),
  )
  return typed ? `--${name}` : variable
}

/** What a flag accepts, as in `a whole number from 1 to 65535`; undefined where its words say no more than its name. */
export function acceptedBy({ type, options, min, max, helpValue }: KnownFlag): string | undefined {
  if (type === 'boolean') return '1, true, yes or on; 0, false, no or off'
  if (options !== undefined) return `one of: ${options.join(', ')}`
  if (min !== undefined) return `a whole number from ${min} ${max === undefined ? 'on' : `to ${max}`}`
  return typeof helpValue === 'string' ? helpValue : undefined
}

const SWITCH = /^(?:1|true|y|yes|on|0|false|n|no|off)$/i

/** A variable that stands for a flag without a value, and that says neither yes nor no: the library would take it for no. */
export function unclearSwitch({ flags, env }: GivenFlags): KnownFlag | undefined {
  return Object.values(flags).find(
    ({ type, env: variable = '' }) => type === 'boolean' && env[variable] && !SWITCH.test(env[variable]),
  )
}

/** The value of a flag before the command line was understood, which may fail: typed, or else that of its variable. */
export function givenValue(
  name: string,
  argv: readonly string[],
  variable: string | undefined,
): string | undefined {
  const typed = argv.flatMap((word, index) => {
    if (word === `--${name}`) return [argv[index + 1]]
    return word.startsWith(`--${name}=`) ? [word.slice(name.length + 3)] : []
  })
  return typed.at(-1) ?? variable
}
