" Vim indentation of Weir: a level for each open brace, bracket or parenthesis.
if exists("b:did_indent")
  finish
endif
let b:did_indent = 1

setlocal indentexpr=WeirIndent() indentkeys=0},0],0),o,O
let b:undo_indent = "setlocal indentexpr< indentkeys<"

if exists("*WeirIndent")
  finish
endif

" The line without its strings and its comment.
function s:Signs(line)
  return substitute(substitute(a:line, '"\%([^"\\]\|\\.\)*"', '', 'g'), '#.*', '', '')
endfunction

function s:Count(text, signs)
  return len(substitute(a:text, '[^' . a:signs . ']', '', 'g'))
endfunction

function WeirIndent()
  let before = prevnonblank(v:lnum - 1)
  if before == 0
    return 0
  endif
  let signs = s:Signs(getline(before))
  let closes = len(matchstr(signs, '^\s*\zs[])}]*'))
  let level = s:Count(signs, '[({') - (s:Count(signs, '\])}') - closes)
  let here = len(matchstr(s:Signs(getline(v:lnum)), '^\s*\zs[])}]*'))
  return max([0, indent(before) + (level - here) * shiftwidth()])
endfunction
