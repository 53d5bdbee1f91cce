# fish completion for usage: the program itself says what may come next.
function __usage_candidates
    set -l words (commandline -opc)
    $words[1] complete -- (commandline -cp) 2>/dev/null
end
function __usage_has_candidates
    test (count (__usage_candidates)) -gt 0
end
complete -c usage -n __usage_has_candidates -f -a '(__usage_candidates)'
