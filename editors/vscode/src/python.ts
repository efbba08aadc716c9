/** The interpreter that the Python extension has selected, if that extension is there. */

import { type Disposable, type Event, extensions, type Uri } from "vscode";

/** What is used here of the interface that the Python extension offers. */
interface Environments {
  readonly onDidChangeActiveEnvironmentPath: Event<unknown>;
  getActiveEnvironmentPath(resource?: Uri): { readonly path: string };
  resolveEnvironment(environment: {
    readonly path: string;
  }): Promise<{ readonly executable: { readonly uri?: Uri } } | undefined>;
}

/** The path of the interpreter that is selected for a folder. */
export async function selectedInterpreter(folder: Uri | undefined): Promise<string | undefined> {
  const environments = await pythonExtension();
  if (!environments) {
    return undefined;
  }
  const found = await environments.resolveEnvironment(environments.getActiveEnvironmentPath(folder));
  return found?.executable.uri?.fsPath;
}

/** Calls back whenever the user selects another interpreter. */
export async function onInterpreterChange(callback: () => void): Promise<Disposable | undefined> {
  return (await pythonExtension())?.onDidChangeActiveEnvironmentPath(callback);
}

async function pythonExtension(): Promise<Environments | undefined> {
  const extension = extensions.getExtension<{ environments?: Environments }>("ms-python.python");
  return (await extension?.activate())?.environments;
}
