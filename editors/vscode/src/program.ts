/** Where optlint is: looks where a user would expect it to be looked for, in that order. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";

const WINDOWS = process.platform === "win32";
const SCRIPT = WINDOWS ? "optlint.exe" : "optlint";
const SCRIPTS = WINDOWS ? "Scripts" : "bin";
const INTERPRETER = WINDOWS ? "python.exe" : "python";
const ENVIRONMENTS = [".venv", "venv", "env"];
const PATIENCE = 30_000; // milliseconds
const REFUSED = 2; // exit code of a server that cannot start

/** A program that was found: how to start it, and what it says of its version. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly version: string;
}

/** What the search goes by. */
export interface Clues {
  readonly path: string;
  readonly args: readonly string[];
  readonly folder: string | undefined;
  readonly interpreter: string | undefined;
}

/** The first optlint that answers; undefined if none does. */
export async function findProgram(clues: Clues): Promise<Program | undefined> {
  for (const command of candidates(clues)) {
    const version = await askVersion(command, clues);
    if (version) {
      return { command, args: clues.args, version };
    }
  }
  return undefined;
}

/** What a server says that cannot start, such as which packages it needs; undefined if it can. */
export function whyNoServer({ command, args }: Program, folder: string | undefined): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = execFile(command, [...args, "server"], { cwd: folder, timeout: PATIENCE }, (error, _, said) => {
      resolve(error?.code === REFUSED ? said.trim() : undefined);
    });
    server.stdin?.end(); // nobody speaks to this one, so it ends at once
  });
}

/** The programs that may be optlint, likely ones first; a path that the user gave stands alone. */
export function candidates(clues: Clues): string[] {
  if (clues.path) {
    return [expanded(clues.path, clues.folder)];
  }
  const { interpreter, folder } = clues;
  const beside = interpreter ? [dirname(interpreter), join(dirname(interpreter), SCRIPTS)] : [];
  const environments = folder ? ENVIRONMENTS.map((name) => join(folder, name, SCRIPTS)) : [];
  const scripts = [...beside, ...environments].map((place) => join(place, SCRIPT));
  return [...scripts.filter(existsSync), SCRIPT];
}

/** The command that installs optlint where it is looked for first. */
export function installCommand({ interpreter, folder }: Clues): string {
  const environments = folder ? ENVIRONMENTS.map((name) => join(folder, name, SCRIPTS, INTERPRETER)) : [];
  const python = interpreter ?? environments.find(existsSync) ?? (WINDOWS ? "py" : "python3");
  return `${/\s/.test(python) ? `"${python}"` : python} -m pip install "optlint[lsp]"`;
}

function expanded(path: string, folder: string | undefined): string {
  const plain = path.replace(/\$\{workspaceFolder\}/, folder ?? "").replace(/^~(?=[/\\])/, homedir());
  const inFolder = folder && !isAbsolute(plain) && /[/\\]/.test(plain);
  return inFolder ? join(folder, plain) : plain;
}

function askVersion(command: string, { args, folder }: Clues): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(command, [...args, "--version"], { cwd: folder, timeout: PATIENCE }, (error, output) => {
      resolve(error ? undefined : /^optlint \S+/.exec(output)?.[0]);
    });
  });
}
