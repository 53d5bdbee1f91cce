#compdef usage
# zsh completion for usage: the program itself says what may come next.
_usage() {
    local -a values shown
    local value about
    while IFS=$'\t' read -r value about; do
        [[ -z $value ]] && continue
        values+=("$value")
        shown+=("${value}${about:+  -- $about}")
    done < <("${words[1]}" complete -- "${(j: :)words[1,CURRENT-1]} ${PREFIX}" 2>/dev/null)
    if (( ${#values} )); then
        compadd -l -d shown -- "${values[@]}"
    else
        _files
    fi
}
if [[ $funcstack[1] == _usage ]]; then
    _usage "$@"
else
    compdef _usage usage
fi
