/** What is said when there is no server, and how to come by one. */

import { commands, env, type LogOutputChannel, window } from "vscode";
import { type Clues, installCommand } from "./program";

const INSTALL = "Install";
const COPY = "Copy";
const SETTING = "Set Path";
const OUTPUT = "Output";

/** No optlint was found. */
export function complainOfAbsence(clues: Clues, output: LogOutputChannel): void {
  const where = clues.path ? `at "${clues.path}" (the setting optlint.path)` : "in this environment";
  offer(`optlint was not found ${where}. Install it: ${installCommand(clues)}`, clues, output);
}

/** optlint was found, but its server does not start. */
export function complainOfRefusal(reason: string, clues: Clues, output: LogOutputChannel): void {
  offer(reason || "optlint: the server does not start", clues, output);
}

async function offer(message: string, clues: Clues, output: LogOutputChannel): Promise<void> {
  output.error(message);
  const choice = await window.showErrorMessage(message, INSTALL, COPY, SETTING, OUTPUT);
  if (choice === INSTALL) {
    installInTerminal(installCommand(clues));
  } else if (choice === COPY) {
    await env.clipboard.writeText(installCommand(clues));
  } else if (choice === SETTING) {
    await commands.executeCommand("workbench.action.openSettings", "optlint.path");
  } else if (choice === OUTPUT) {
    output.show();
  }
}

function installInTerminal(command: string): void {
  const terminal = window.createTerminal("optlint");
  terminal.show();
  terminal.sendText(command);
}
