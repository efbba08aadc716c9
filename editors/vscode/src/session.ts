/** The one server of this window: looked for, started, stopped and started again. */

import { type LogOutputChannel, Uri, workspace } from "vscode";
import { type Executable, LanguageClient, type LanguageClientOptions } from "vscode-languageclient/node";
import { complainOfAbsence, complainOfRefusal } from "./messages";
import { type Clues, findProgram, type Program, whyNoServer } from "./program";
import { selectedInterpreter } from "./python";

const SECTION = "optlint";
const OPTIONS: LanguageClientOptions = {
  documentSelector: ["file", "untitled", "vscode-notebook-cell"].map((scheme) => ({ scheme, language: "python" })),
  initializationOptions: () => ({ settings: workspace.getConfiguration(SECTION) }),
  synchronize: { configurationSection: SECTION },
};

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
    const refusal = await whyNoServer(program, clues.folder);
    if (refusal !== undefined) {
      complainOfRefusal(refusal, clues, this.#output);
      return;
    }
    this.#output.info(`${program.version}: ${[program.command, ...program.args].join(" ")}`);
    await this.#connect(program, clues.folder);
  }

  async #connect({ command, args }: Program, folder: string | undefined): Promise<void> {
    const server: Executable = { command, args: [...args, "server"], options: folder ? { cwd: folder } : {} };
    this.#client = new LanguageClient(SECTION, "optlint", server, { ...OPTIONS, outputChannel: this.#output });
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
