# bash completion for usage: the program itself says what may come next.
_usage() {
    local line=${COMP_LINE:0:COMP_POINT} cur=${COMP_WORDS[COMP_CWORD]} candidate
    local word=${line##*[[:space:]]}
    # bash ends words at : and = too: what stands before these in the word is there already.
    local before=${word%"$cur"}
    [[ $word == "$cur" ]] && before=
    COMPREPLY=()
    while IFS=$'\t' read -r candidate _; do
        [[ -n $candidate ]] && COMPREPLY+=("$(printf '%q' "${candidate#"$before"}")")
    done < <("${COMP_WORDS[0]}" complete -- "$line" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 0 ]]; then
        compopt -o default 2>/dev/null
    elif [[ ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -F _usage usage
