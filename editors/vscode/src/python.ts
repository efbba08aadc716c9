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
  const active = environments?.getActiveEnvironmentPath(folder);
  const found = active && (await environments?.resolveEnvironment(active));
  return found?.executable.uri?.fsPath;
}

/** Calls back whenever the user selects another interpreter. */
export async function onInterpreterChange(callback: () => void): Promise<Disposable | undefined> {
  return (await pythonExtension())?.onDidChangeActiveEnvironmentPath(callback);
}

/** What the Python extension offers; nothing if it is not there or does not start, for optlint may do without. */
async function pythonExtension(): Promise<Environments | undefined> {
  try {
    const extension = extensions.getExtension<{ environments?: Environments }>("ms-python.python");
    return (await extension?.activate())?.environments;
  } catch {
    return undefined;
  }
}
