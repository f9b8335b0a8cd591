-- The language server for Neovim 0.11 and later: `vim.lsp.enable("weir")` in init.lua.
return {
  cmd = { "weir", "lsp" },
  filetypes = { "weir" },
  root_markers = { ".git" },
}
