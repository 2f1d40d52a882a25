import { type DelayLine, QUEUE_PACKETS, startDelayLine } from "./delay-line.js";
import { enterNamespace, type Namespaces } from "./namespaces.js";
import type { Host, Network, Sent, Shape } from "./network.js";
import { sumSent } from "./sent-payload.js";

/** Below the range from which the kernel takes ports. */
const FIRST_PORT = 20_000;
const LOOPBACK_ADDRESS = "127.0.0.1";
const TRACKER_NUMBER = 250;

/** Every host is the loopback of one namespace, as fast as this machine's own, with counters that count nothing else. */
export async function openLoopbackNamespace(namespaces: Namespaces, hostCount: number): Promise<Network> {
  const name = await namespaces.add();
  await raise(namespaces, name, "lo");
  const host = { ...createHost(namespaces, name, LOOPBACK_ADDRESS), sent: async () => undefined };
  return {
    trackerHost: host,
    hosts: Array.from({ length: hostCount }, () => host),
    sent: () => readSent(namespaces, name, "lo"),
    [Symbol.asyncDispose]: () => namespaces.remove([name]),
  };
}

/** Every host is a namespace with an address of its own, at one switch; what a peer sends is slowed down. */
export async function openShapedNetwork(namespaces: Namespaces, hostCount: number, shape: Shape): Promise<Network> {
  const hub = await namespaces.add();
  const names = [hub];
  const lines: DelayLine[] = [];
  await namespaces.ip("-n", hub, "link", "add", "switch", "type", "bridge");
  await raise(namespaces, hub, "switch");

  const addHost = async (number: number, line: Shape | undefined): Promise<Host> => {
    const name = await namespaces.add();
    names.push(name);
    const port = `port${number}`;
    const address = `10.77.0.${number}`;
    if (line === undefined) await namespaces.ip("-n", hub, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name);
    else lines.push(await startDelayLine(namespaces, { host: name, hub, port }, line));
    await namespaces.ip("-n", hub, "link", "set", port, "master", "switch", "up");
    await namespaces.ip("-n", name, "address", "add", `${address}/24`, "dev", "eth0");
    for (const device of ["lo", "eth0"]) await raise(namespaces, name, device);
    return createHost(namespaces, name, address);
  };

  const trackerHost = await addHost(TRACKER_NUMBER, undefined);
  const discipline = queueDiscipline(shape, namespaces.hasNetem);
  const hosts: Host[] = [];
  for (let number = 1; number <= hostCount; number += 1) {
    hosts.push(await addHost(number, discipline === undefined ? shape : undefined));
    if (discipline !== undefined) await namespaces.run("tc", ["-n", names.at(-1)!, "qdisc", "add", "dev", "eth0", "root", ...discipline]);
  }
  return {
    trackerHost,
    hosts,
    sent: async () => sumSent(await Promise.all(hosts.map((host) => host.sent()))),
    async [Symbol.asyncDispose]() {
      await Promise.all(lines.map((line) => line.stop()));
      await namespaces.remove(names);
    },
  };
}

/** For `tc`; undefined if this kernel has none that can do it. */
function queueDiscipline({ bytesPerSecond, delayMs }: Shape, hasNetem: boolean): readonly string[] | undefined {
  const rate = `${8 * bytesPerSecond}bit`;
  if (delayMs === 0) return ["tbf", "rate", rate, "burst", "256kb", "latency", "100ms"];
  return hasNetem ? ["netem", "delay", `${delayMs}ms`, "limit", String(QUEUE_PACKETS), "rate", rate] : undefined;
}

const raise = (namespaces: Namespaces, name: string, device: string): Promise<string> =>
  namespaces.ip("-n", name, "link", "set", device, "up");

function createHost(namespaces: Namespaces, name: string, address: string): Host {
  let port = FIRST_PORT;
  return {
    address,
    enter: enterNamespace(name),
    pickPort: async () => (port += 1),
    sent: () => readSent(namespaces, name, "eth0"),
  };
}

async function readSent(namespaces: Namespaces, name: string, device: string): Promise<Sent> {
  const [link] = JSON.parse(await namespaces.ip("-n", name, "-json", "-statistics", "link", "show", device)) as [LinkStatistics];
  return link.stats64.tx;
}

interface LinkStatistics {
  readonly stats64: { readonly tx: Sent };
}
