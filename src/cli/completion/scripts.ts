export const COMPLETION_SHELLS = ['bash', 'zsh', 'fish'] as const
export type CompletionShell = (typeof COMPLETION_SHELLS)[number]

/**
 * bash breaks words at = and :, so those of the line are put together again, and what stands before the last of these signs
 * is taken away from the answers. bash 4 and later; the bash-completion package is not needed.
 */
const BASH = `# till completion for bash: till completion bash > ~/.local/share/bash-completion/completions/till
_till() {
  local words=() glued='' index word line value current broken
  COMPREPLY=()
  for ((index = 1; index <= COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    if [[ $word == [=:]* && \${#words[@]} -gt 0 ]]; then
      words[\${#words[@]}-1]+=$word
      [[ $word == [=:] ]] && glued=1 || glued=''
    elif [[ -n $glued ]]; then
      words[\${#words[@]}-1]+=$word
      glued=''
    else
      words+=("$word")
    fi
  done
  current=\${words[\${#words[@]}-1]}
  broken=\${current%"\${current##*[=:]}"}
  while IFS= read -r line; do
    value=\${line%%$'\\t'*}
    case $value in
      :files) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "\${current#"$broken"}"); return ;;
      :folders) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "\${current#"$broken"}"); return ;;
    esac
    COMPREPLY+=("\${value#"$broken"}")
  done < <("\${COMP_WORDS[0]/#\\~/$HOME}" __complete "\${words[@]}" 2>/dev/null)
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *[/=] ]] && compopt -o nospace
  return 0
}
complete -F _till till
`

const ZSH = `#compdef till
# till completion for zsh: till completion zsh > "\${fpath[1]}/_till"
_till() {
  local -a whole open
  local line value about
  for line in "\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    value=\${line%%$'\\t'*}
    about=\${line#*$'\\t'}
    case $value in
      '') continue ;;
      :files) _files; return ;;
      :folders) _files -/; return ;;
    esac
    value=\${value//:/\\\\:}
    [[ $line == *$'\\t'* ]] && value+=":$about"
    if [[ \${line%%$'\\t'*} == *[/=] ]]; then open+=("$value"); else whole+=("$value"); fi
  done
  (( \${#open} )) && _describe -V till open -S ''
  (( \${#whole} )) && _describe -V till whole
  return 0
}
if [ "$funcstack[1]" = "_till" ]; then _till "$@"; else compdef _till till; fi
`

const FISH = `# till completion for fish: till completion fish > ~/.config/fish/completions/till.fish
function __till_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l answers ($words[1] __complete $words[2..-1] 2>/dev/null)
    switch "$answers[1]"
        case ':files'
            __fish_complete_path (commandline -ct)
        case ':folders'
            __fish_complete_directories (commandline -ct) ''
        case '*'
            printf '%s\\n' $answers
    end
end
complete -c till -f -k -a '(__till_complete)'
`

/** The program that a shell reads to complete \`till\`. */
export const COMPLETION_SCRIPTS: Readonly<Record<CompletionShell, string>> = { bash: BASH, zsh: ZSH, fish: FISH }
