// Starts `weir lsp` and lets the editor talk to it; everything else is in the server.
"use strict";

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

function start() {
  const command = vscode.workspace.getConfiguration("weir").get("path", "weir");
  client = new LanguageClient(
    "weir",
    "Weir",
    { command, args: ["lsp"] },
    {
      documentSelector: [{ language: "weir" }],
      // Data files of maps and lists have names of all kinds: the server looks again when one changes.
      synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/*.{weir,map,txt,list,csv}") },
    }
  );
  return client.start().catch((error) => {
    vscode.window.showErrorMessage(`Weir: cannot run \`${command} lsp\` (${error.message}). See the setting weir.path.`);
  });
}

async function restart() {
  if (client) {
    await client.stop().catch(() => undefined);
  }
  await start();
}

function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("weir.restart", restart),
    vscode.workspace.onDidChangeConfiguration((e) => {
      if (e.affectsConfiguration("weir.path")) {
        restart();
      }
    })
  );
  return start();
}

function deactivate() {
  return client ? client.stop() : undefined;
}

module.exports = { activate, deactivate };
