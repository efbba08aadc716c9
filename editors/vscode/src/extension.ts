/** Starts optlint's language server for VS Code; all that is known of Python is known there. */

import { commands, type ExtensionContext, window, workspace } from "vscode";
import { onInterpreterChange } from "./python";
import { Session } from "./session";

const STARTING = ["optlint.enable", "optlint.path", "optlint.args"]; // settings that need another server
const FIX_ALL = { kind: "source.fixAll.optlint", apply: "first" };

let session: Session | undefined;

/** Called by VS Code when the first Python file is opened. */
export async function activate(context: ExtensionContext): Promise<void> {
  const output = window.createOutputChannel("optlint", { log: true });
  const current = new Session(output);
  session = current;
  const restart = () => current.restart();
  context.subscriptions.push(
    output,
    commands.registerCommand("optlint.restart", restart),
    commands.registerCommand("optlint.showOutput", () => output.show()),
    commands.registerCommand("optlint.fixAll", () => commands.executeCommand("editor.action.sourceAction", FIX_ALL)),
    workspace.onDidChangeConfiguration((event) => {
      if (STARTING.some((name) => event.affectsConfiguration(name))) {
        restart();
      }
    }),
  );
  await restart();
  const listening = await onInterpreterChange(restart);
  if (listening) {
    context.subscriptions.push(listening);
  }
}

/** Called by VS Code when it closes. */
export function deactivate(): Promise<void> | undefined {
  return session?.stop();
}
