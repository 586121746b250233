import {
  type Choice,
  type Completable,
  flagChoices,
  flagsWithValue,
  valueChoices,
  wordChoices,
} from './completable.ts'

/** The same search as for bash, in zsh's own completion, which shows what the words stand for. */
export function zshScript(of: Completable): string {
  return `(( $+functions[compdef] )) || { autoload -U +X compinit && compinit }
_agw() {
  local cur=\${words[CURRENT]} cmd= flag= word i
  local -a offered
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
    if [[ -n $flag ]]; then flag=; continue; fi
    case $word in
      --) _files; return ;;
      --*=*) ;;
      ${flagsWithValue(of).join('|')}) flag=$word ;;
      -*) ;;
      *) case $cmd in
        '') [[ $word == help ]] || cmd=$word ;;
        ${of.topics.map(({ name }) => name).join('|')}) cmd="$cmd $word" ;;
      esac ;;
    esac
  done
  if [[ -z $flag && $cur == --*=* ]]; then
    flag=\${cur%%=*}
    compset -P '*='
  fi
  if [[ -n $flag ]]; then
    case "$cmd $flag" in
${cases(valueChoices(of))}
    esac
  elif [[ $cur == -* ]]; then
    case $cmd in
${cases(flagChoices(of))}
    esac
  else
    case $cmd in
${cases(wordChoices(of))}
    esac
  fi
  if (( $#offered )); then _describe agw offered; else _files; fi
}
compdef _agw agw
`
}

function cases(choices: readonly Choice[]): string {
  return choices.map(({ at, words }) => `      '${at}') offered=(${words.map(told).join(' ')}) ;;`).join('\n')
}

/** `name:summary`, in quotes. */
function told({ name, summary }: Choice['words'][number]): string {
  const text = [name, ...(summary === '' ? [] : [summary])].map(part => part.replaceAll(':', '\\:')).join(':')
  return `'${text.replaceAll("'", "'\\''")}'`
}
