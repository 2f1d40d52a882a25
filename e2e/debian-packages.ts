import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const INSTALL_TIMEOUT_S = 300;
/** `apt-get update` does not wait for its lock, so tests that run at the same time take turns. */
const TURN_LOCK = join(tmpdir(), "piecewise-apt-get.lock");
const TURN_TIMEOUT_S = 300;
const INSTALL = `apt-get -q update && exec apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 install "$@"`;

/** How long `requireDebianPackages` may take. */
export const DEBIAN_PACKAGES_TIMEOUT_MS = (TURN_TIMEOUT_S + INSTALL_TIMEOUT_S + 10) * 1000;

/**
 * Makes sure that packages of Debian are there, and installs what is missing if this process may.
 * @returns why they cannot be had, for a test that is skipped then; undefined if they are there.
 * @throws Error where CI=true, when they cannot be had: nothing is skipped there.
 */
export async function requireDebianPackages(...names: string[]): Promise<string | undefined> {
  const reason = await install(names);
  if (reason === undefined) return undefined;
  if (process.env["CI"] === "true") throw new Error(reason);
  console.warn(`skipped: ${reason}`); // The runner's default report counts skipped tests and does not say why.
  return reason;
}

async function install(names: readonly string[]): Promise<string | undefined> {
  if (await areInstalled(names)) return undefined;
  const wanted = `needs ${names.join(", ")}`;
  if (process.getuid?.() !== 0) return `${wanted}: run "apt-get install ${names.join(" ")}" as root`;
  try {
    // The bound is kept by a command that ends its children, too.
    const inTurn = ["--timeout", `${TURN_TIMEOUT_S}`, TURN_LOCK, "timeout", `${INSTALL_TIMEOUT_S}`];
    await run("flock", [...inTurn, "sh", "-c", INSTALL, "sh", ...names], { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
    return undefined;
  } catch (error) {
    return `${wanted}: ${lastLine(error)}`;
  }
}

async function areInstalled(names: readonly string[]): Promise<boolean> {
  try {
    const { stdout } = await run("dpkg-query", ["--show", "--showformat", "${db:Status-Status}\n", ...names]);
    return stdout.trim().split("\n").every((status) => status === "installed");
  } catch {
    // Unknown to dpkg, or there is no dpkg.
    return false;
  }
}

/** What a command that failed said last; without any output why it did not run. */
function lastLine(error: unknown): string {
  const { stderr = "", message } = error as Error & { readonly stderr?: string };
  return stderr.trim().split("\n").at(-1) || message.trim();
}
