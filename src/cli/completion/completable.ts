/** All that can be typed behind `agw`. */
export interface Completable {
  readonly commands: readonly CompletableCommand[]
  /** Words that stand in front of commands and are none. */
  readonly topics: readonly Described[]
}

/** A word, and what it stands for. */
export interface Described {
  readonly name: string
  readonly summary: string
}

/** A command as a shell completes it; its name is as it is typed: `keys set`. */
export interface CompletableCommand extends Described {
  /** Those that its first argument takes; none where they are not to be listed. */
  readonly values: readonly string[]
  readonly flags: readonly CompletableFlag[]
}

/** A flag; its name is without dashes. */
export interface CompletableFlag extends Described {
  /** One letter that does the same. */
  readonly char: string | undefined
  readonly takesValue: boolean
  /** Those that it takes; none where they are not to be listed. */
  readonly values: readonly string[]
}

/** What may stand in place of a command. */
const FLAGS_ALONE: readonly Described[] = [
  { name: 'json', summary: 'Print one JSON document in place of text.' },
  { name: 'help', summary: 'Show what there is.' },
  { name: 'version', summary: 'Show which agw this is.' },
]

/** What may be typed at a place: where it is, and the words with what they stand for. */
export interface Choice {
  /** `''`: no command yet; a topic; a command; a command with a flag whose value comes: `validate --format`. */
  readonly at: string
  readonly words: readonly Described[]
}

/** Commands and topics by what stands in front of them, and the arguments of commands. */
export function wordChoices({ commands, topics }: Completable): Choice[] {
  const below = (topic: string): Described[] =>
    commands.flatMap(({ name, summary }) => {
      const [first, second] = name.split(' ')
      return second === undefined || first !== topic ? [] : [{ name: second, summary }]
    })
  const first = [...commands.filter(({ name }) => !name.includes(' ')), ...topics]
  return [
    { at: '', words: first.sort((one, other) => (one.name < other.name ? -1 : 1)) },
    ...topics.map(({ name }) => ({ at: name, words: below(name) })),
    ...commands
      .filter(({ values }) => values.length > 0)
      .map(one => ({ at: one.name, words: plain(one.values) })),
  ]
}

/** Flags by the command that takes them, with their dashes. */
export function flagChoices({ commands }: Completable): Choice[] {
  const dashed = (flags: readonly Described[]): Described[] =>
    flags.map(({ name, summary }) => ({ name: `--${name}`, summary }))
  const help = FLAGS_ALONE.filter(({ name }) => name === 'help')
  return [
    { at: '', words: dashed(FLAGS_ALONE) },
    ...commands.map(({ name, flags }) => ({ at: name, words: dashed([...flags, ...help]) })),
  ]
}

/** Values by command and flag. */
export function valueChoices({ commands }: Completable): Choice[] {
  return commands.flatMap(({ name, flags }) =>
    flags
      .filter(({ values }) => values.length > 0)
      .map(flag => ({ at: `${name} --${flag.name}`, words: plain(flag.values) })),
  )
}

/** All flags behind which a value stands, in both forms. */
export function flagsWithValue({ commands }: Completable): string[] {
  const found = commands.flatMap(({ flags }) =>
    flags
      .filter(({ takesValue }) => takesValue)
      .flatMap(({ name, char }) => [`--${name}`, ...(char === undefined ? [] : [`-${char}`])]),
  )
  return [...new Set(found)].sort()
}

function plain(values: readonly string[]): Described[] {
  return values.map(name => ({ name, summary: '' }))
}
