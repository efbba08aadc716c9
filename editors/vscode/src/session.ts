/** The server and the client that speaks to it: started, stopped and started again. */

import { type ChildProcess, spawn } from "node:child_process";
import { type LogOutputChannel, Uri, workspace } from "vscode";
import { CloseAction, type ErrorHandler, LanguageClient, type LanguageClientOptions } from "vscode-languageclient/node";
import { complainOfAbsence, complainOfRefusal } from "./messages";
import { type Clues, findProgram, type Program } from "./program";
import { selectedInterpreter } from "./python";

const SECTION = "optlint";
const REFUSED = 2; // exit code of a server that cannot start, and would not the next time

/** One server at most; what is asked of it is done one after the other. */
export class Session {
  readonly #output: LogOutputChannel;
  #client: LanguageClient | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(output: LogOutputChannel) {
    this.#output = output;
  }

  /** Stops the server if there is one, and starts one if the settings want it. */
  restart(): Promise<void> {
    return this.#next(async () => {
      await this.#stop();
      if (workspace.getConfiguration(SECTION).get("enable", true)) {
        await this.#start();
      }
    });
  }

  stop(): Promise<void> {
    return this.#next(() => this.#stop());
  }

  #next(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(work).catch((error: unknown) => this.#output.error(String(error)));
    return this.#turn;
  }

  async #start(): Promise<void> {
    const clues = await collectClues();
    const program = await findProgram(clues);
    if (!program) {
      complainOfAbsence(clues, this.#output);
      return;
    }
    this.#output.info(`${program.version}: ${[program.command, ...program.args].join(" ")}`);
    this.#client = connect(program, clues, this.#output);
    await this.#client.start();
  }

  async #stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    if (client?.isRunning()) {
      await client.stop();
    }
    await client?.dispose();
  }
}

async function collectClues(): Promise<Clues> {
  const settings = workspace.getConfiguration(SECTION);
  const folder = workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file")?.uri.fsPath;
  const interpreter = await selectedInterpreter(folder ? Uri.file(folder) : undefined);
  return { path: settings.get("path", ""), args: settings.get<string[]>("args", []), folder, interpreter };
}

function connect(program: Program, clues: Clues, output: LogOutputChannel): LanguageClient {
  let server: ChildProcess | undefined;
  let said = "";
  const start = async (): Promise<ChildProcess> => {
    said = "";
    server = spawn(program.command, [...program.args, "server"], { cwd: clues.folder });
    server.stderr?.on("data", (data) => {
      said += data;
    });
    return server;
  };
  const client: LanguageClient = new LanguageClient(SECTION, "optlint", start, {
    ...OPTIONS,
    outputChannel: output,
    errorHandler: {
      error: (...words) => client.createDefaultErrorHandler().error(...words),
      closed: () => {
        if (server?.exitCode !== REFUSED) {
          return client.createDefaultErrorHandler().closed();
        }
        complainOfRefusal(said.trim(), clues, output);
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    } satisfies ErrorHandler,
  });
  return client;
}

const OPTIONS: LanguageClientOptions = {
  documentSelector: ["file", "untitled", "vscode-notebook-cell"].map((scheme) => ({ scheme, language: "python" })),
  initializationOptions: () => ({ settings: workspace.getConfiguration(SECTION) }),
  synchronize: { configurationSection: SECTION },
};
