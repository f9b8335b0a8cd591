" Vim settings for Weir: two columns a level, as `weir fmt` lays it out.
if exists("b:did_ftplugin")
  finish
endif
let b:did_ftplugin = 1

setlocal commentstring=#\ %s comments=b:##,b:#
setlocal expandtab shiftwidth=2 softtabstop=2
setlocal iskeyword+=-
if executable("weir")
  setlocal formatprg=weir\ fmt\ -
endif

let b:undo_ftplugin = "setlocal commentstring< comments< expandtab< shiftwidth< softtabstop< iskeyword< formatprg<"
