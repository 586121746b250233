import {
  type Completable,
  type CompletableFlag,
  flagChoices,
  flagsWithValue,
  wordChoices,
} from './completable.ts'

/** What fish is told of each word and flag, with the command at which it is offered. */
export function fishScript(of: Completable): string {
  return `function __agw_command
    set -l words (commandline -opc)
    set -e words[1]
    set -l found
    set -l skips no
    for word in $words
        if test $skips = yes
            set skips no
            continue
        end
        switch $word
            case --
                set found --
                break
            case ${flagsWithValue(of).join(' ')}
                set skips yes
            case '-*'
            case help
                set -q found[1]; and set -a found $word
            case '*'
                set -a found $word
        end
    end
    if contains -- "$found[1]" ${of.topics.map(({ name }) => name).join(' ')}
        string join ' ' $found[1..2]
    else
        echo "$found[1]"
    end
end
function __agw_is
    test (__agw_command) = "$argv[1]"
end
${[...wordLines(of), ...flagLines(of)].join('\n')}
`
}

function wordLines(of: Completable): string[] {
  return wordChoices(of).flatMap(({ at, words }) =>
    words.map(({ name, summary }) => `complete -c agw -n ${when(at)} -f -a ${name} -d ${quoted(summary)}`),
  )
}

function flagLines(of: Completable): string[] {
  return flagChoices(of).flatMap(({ at, words }) => {
    const flags = of.commands.find(({ name }) => name === at)?.flags ?? []
    return words.map(({ name: dashed, summary }) => {
      const name = dashed.slice(2)
      const rest = behind(flags.find(flag => flag.name === name))
      return `complete -c agw -n ${when(at)} -l ${name}${rest} -d ${quoted(summary)}`
    })
  })
}

/** The letter of the flag, and what comes behind it. */
function behind(flag: CompletableFlag | undefined): string {
  if (flag === undefined) return ''
  const char = flag.char === undefined ? '' : ` -s ${flag.char}`
  if (!flag.takesValue) return char
  return flag.values.length === 0 ? `${char} -r` : `${char} -x -a ${quoted(flag.values.join(' '))}`
}

function when(command: string): string {
  return quoted(`__agw_is "${command}"`)
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
