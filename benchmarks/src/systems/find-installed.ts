import type { ProcessOwner } from "../process-owner.js";
import { createAria2 } from "./aria2.js";
import { createCurl } from "./curl.js";
import { createLibtorrent } from "./libtorrent.js";
import { createRsync } from "./rsync.js";
import type { System } from "./system.js";

export const RIVAL_NAMES = ["libtorrent", "aria2", "curl", "rsync", "iperf3"] as const;
export type RivalName = (typeof RIVAL_NAMES)[number];

export interface Rival {
  /** With its version if it is installed. */
  readonly title: string;
  /** The command that installs it; undefined if it is there. */
  readonly missing: string | undefined;
  /** Undefined for what does not distribute anything, and if it is missing. */
  readonly system: System | undefined;
}

/** The system's own: only that one sees what apt-get installs. */
const SYSTEM_PYTHON = "/usr/bin/python3";

/** Looks which rivals are installed. */
export async function findRivals(owner: ProcessOwner): Promise<Readonly<Record<RivalName, Rival>>> {
  const libtorrent = await printed(owner, SYSTEM_PYTHON, ["-c", "import libtorrent; print(libtorrent.__version__)"], /^(\S+)/);
  const aria2 = await printed(owner, "aria2c", ["--version"], /^aria2 version (\S+)/);
  const openssl = await printed(owner, "openssl", ["version"], /^OpenSSL (\S+)/i);
  const curl = openssl && (await printed(owner, "curl", ["--version"], /^curl (\S+)/));
  const rsync = await printed(owner, "rsync", ["--version"], /^rsync +version (\S+)/);
  const iperf3 = await printed(owner, "iperf3", ["--version"], /^iperf (\S+)/);
  return {
    libtorrent: rival("libtorrent", "python3-libtorrent", libtorrent && createLibtorrent(SYSTEM_PYTHON, libtorrent)),
    aria2: rival("aria2", "aria2", aria2 && createAria2(aria2)),
    curl: rival("curl + openssl", "curl openssl", curl && createCurl(curl)),
    rsync: rival("rsync", "rsync", rsync && createRsync(rsync)),
    iperf3: { title: iperf3 ? `floor: iperf3 ${iperf3}` : "floor: iperf3", missing: iperf3 ? undefined : "apt-get install iperf3", system: undefined },
  };
}

/** For the launcher, which needs nothing but the standard library. */
export const findPython = async (owner: ProcessOwner): Promise<string | undefined> =>
  (await printed(owner, SYSTEM_PYTHON, ["--version"], /^(Python 3)/)) && SYSTEM_PYTHON;

/** What is checked out below `root`; undefined without git. */
export const findCommit = (owner: ProcessOwner, root: string): Promise<string | undefined> =>
  printed(owner, "git", ["-C", root, "describe", "--always", "--dirty"], /^(\S+)/);

const rival = (title: string, packages: string, system: System | "" | undefined): Rival =>
  system ? { title: system.title, missing: undefined, system } : { title, missing: `apt-get install ${packages}`, system: undefined };

/** What a program prints, if it is there and can tell. */
async function printed(owner: ProcessOwner, file: string, args: readonly string[], pattern: RegExp): Promise<string | undefined> {
  try {
    const { code, stdout } = await owner.capture(file, args);
    return code === 0 ? pattern.exec(stdout)?.[1] : undefined;
  } catch {
    return undefined; // It is not installed.
  }
}
