import {
  type Choice,
  type Completable,
  flagChoices,
  flagsWithValue,
  valueChoices,
  wordChoices,
} from './completable.ts'

/** The command is searched for among the words before the cursor: flags, and the values of flags, may stand in front of it. */
export function bashScript(of: Completable): string {
  return `_agw() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" cmd= flag= start= words= word i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    # --flag=value comes as three words.
    if [ "$word" = = ]; then flag="\${flag:--}"; continue; fi
    if [ -n "$flag" ]; then flag=; continue; fi
    case "$word" in
      --) return ;;
      ${flagsWithValue(of).join('|')}) flag="$word" ;;
      -*) ;;
      *) case "$cmd" in
        # \`help\` stands in front of what it is about.
        "") [ "$word" = help ] || cmd="$word" ;;
        ${of.topics.map(({ name }) => name).join('|')}) cmd="$cmd $word" ;;
      esac ;;
    esac
  done
  if [ "$cur" = = ]; then
    cur= flag="\${flag:--}"
  elif [ -z "$flag" ]; then
    # So it does where the sign parts no words.
    case "$cur" in --*=*) flag="\${cur%%=*}" start="\${cur%%=*}=" cur="\${cur#*=}" ;; esac
  fi
  if [ -n "$flag" ]; then
    case "$cmd $flag" in
${cases(valueChoices(of))}
    esac
  else case "$cur" in
    -*) case "$cmd" in
${cases(flagChoices(of))}
    esac ;;
    *) case "$cmd" in
${cases(wordChoices(of))}
    esac ;;
  esac fi
  COMPREPLY=($(compgen -P "$start" -W "$words" -- "$cur"))
}
complete -o default -F _agw agw
`
}

function cases(choices: readonly Choice[]): string {
  return choices
    .map(({ at, words }) => `      "${at}") words="${words.map(({ name }) => name).join(' ')}" ;;`)
    .join('\n')
}
