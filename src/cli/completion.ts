/** The shells that can be told what to complete. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** A command as a shell completes it. */
export interface Completable {
  /** As it is typed: `keys set`. */
  readonly name: string
  readonly summary: string
  readonly flags: readonly {
    /** Without its dashes. */
    readonly name: string
    readonly summary: string
    /** The values that it takes; none where they are not to be listed. */
    readonly values: readonly string[]
  }[]
}

/**
 * The script that a shell reads at its start. What it does not know is completed as a file. oclif's own plugin would bring
 * its core along a second time, keeps files of its own, and has nothing for fish.
 */
export function completionScript(shell: Shell, commands: readonly Completable[]): string {
  if (shell === 'fish') return fishScript(commands)
  // zsh reads the form of bash.
  const head =
    shell === 'zsh'
      ? 'autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n'
      : ''
  return head + bashScript(commands)
}

/** First words, and the second ones of those that are topics. */
function topicsOf(commands: readonly Completable[]): Map<string, string[]> {
  const topics = new Map<string, string[]>()
  for (const { name } of commands) {
    const [first = '', second] = name.split(' ')
    const below = topics.get(first) ?? []
    topics.set(first, second === undefined ? below : [...below, second])
  }
  return topics
}

function bashScript(commands: readonly Completable[]): string {
  const topics = topicsOf(commands)
  const below = [...topics].filter(([, words]) => words.length > 0)
  const inTopic = below.map(
    ([topic, words]) =>
      `    ${topic}) cmd="${topic} \${COMP_WORDS[2]}"; [ "$COMP_CWORD" = 2 ] && words="${words.join(' ')}" ;;`,
  )
  const flags = commands.map(
    ({ name, flags: ofIt }) => `      "${name}") words="${ofIt.map(flag => `--${flag.name}`).join(' ')}" ;;`,
  )
  const values = commands.flatMap(({ name, flags: ofIt }) =>
    ofIt
      .filter(flag => flag.values.length > 0)
      .map(flag => `      "${name} --${flag.name}") words="${flag.values.join(' ')}" ;;`),
  )
  return `_agw() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" cmd="\${COMP_WORDS[1]}" words=
  case "$cmd" in
${inTopic.join('\n')}
  esac
  if [ "$COMP_CWORD" = 1 ]; then
    words="${[...topics.keys()].join(' ')}"
  elif [ -z "$words" ]; then
    case "$cmd $prev" in
${values.join('\n')}
    esac
    case "$words$cur" in -*) case "$cmd" in
${flags.join('\n')}
    esac ;; esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _agw agw
`
}

function fishScript(commands: readonly Completable[]): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  const lines: string[] = []
  for (const { name, summary, flags } of commands) {
    const [first = '', second] = name.split(' ')
    const before = second === undefined ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${first}`
    const last = second ?? first
    lines.push(`complete -c agw -n ${quoted(before)} -a ${last} -d ${quoted(summary)}`)
    const seen =
      second === undefined
        ? `__fish_seen_subcommand_from ${first}`
        : `__fish_seen_subcommand_from ${first}; and __fish_seen_subcommand_from ${second}`
    for (const flag of flags) {
      const values = flag.values.length === 0 ? '' : ` -x -a ${quoted(flag.values.join(' '))}`
      lines.push(`complete -c agw -n ${quoted(seen)} -l ${flag.name} -d ${quoted(flag.summary)}${values}`)
    }
  }
  const topics = [...topicsOf(commands)].filter(([, words]) => words.length > 0)
  for (const [topic] of topics) lines.push(`complete -c agw -n __fish_use_subcommand -a ${topic}`)
  return `${lines.join('\n')}\n`
}
