import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { Metadata, type ServiceError } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Namespace } from "./chaos/namespace.js";
import { IdentifyingPeer } from "./identifying-peer.js";
import { type Message, PlainClient, refusalOf } from "./plain-grpc.js";
import { type RunningTracker, runPeer, startPeer, startTracker } from "./processes.js";
import { openTempFolder } from "./temp-folder.js";
import { hashFile, writeTestFile } from "./test-files.js";

const TRACKER_SERVICE = "piecewise.v1.TrackerService";
const CONTENT_ID = `sha256:${"e".repeat(64)}`;
const CONTENTS = [{ contentId: CONTENT_ID, name: "film", totalBytes: 10, pieceLength: 1, entryCount: 1, progress: { piecesHeld: 10 } }];
const REACHABLE = { reachability: "REACHABILITY_REACHABLE" };
const UNREACHABLE = { reachability: "REACHABILITY_UNREACHABLE", listedAddress: "" };

/** Registers somebody, as anybody can. */
const register = (client: PlainClient, request: Message, forwardedFor?: string): Promise<Message> => {
  const metadata = new Metadata();
  if (forwardedFor !== undefined) metadata.set("x-forwarded-for", forwardedFor);
  return client.unary(TRACKER_SERVICE, "Register", { peerId: randomBytes(16), contents: CONTENTS, ...request }, metadata);
};

async function listenOnLoopback(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

describe("a tracker lists nobody who is not where it says", () => {
  let tracker: RunningTracker;
  let client: PlainClient;
  let honest: IdentifyingPeer;
  beforeAll(async () => {
    tracker = await startTracker();
    client = new PlainClient(tracker.address);
    honest = await IdentifyingPeer.start();
    await register(client, { peerId: honest.peerId, port: honest.port });
  });
  afterAll(async () => {
    client[Symbol.dispose]();
    honest[Symbol.dispose]();
    await tracker.process.stop();
  });

  const expectOnlyHonest = async (): Promise<void> => {
    expect(await client.unary(TRACKER_SERVICE, "Lookup", { contentId: CONTENT_ID })).toMatchObject({
      contents: [{ seedCount: 1, leecherCount: 0 }],
      peers: [{ address: honest.address, peerId: honest.peerId }],
    });
    expect(tracker.process.stderr).toEqual([]);
  };

  test("not at a closed port, somebody else's, or one of another protocol, by whatever way it is named", async () => {
    const closed = createServer();
    const closedPort = await listenOnLoopback(closed);
    closed.close();
    const other = createServer((socket) => socket.on("error", () => {}).end("SSH-2.0-OpenSSH_9.2\r\n"));
    const otherPort = await listenOnLoopback(other);
    for (const port of [closedPort, honest.port, otherPort, Number(tracker.address.split(":")[1])]) {
      expect(await register(client, { port })).toMatchObject(UNREACHABLE);
      expect(await register(client, { port: 9, advertisedAddress: `127.0.0.1:${port}` })).toMatchObject(UNREACHABLE);
    }
    other.close();
    await expectOnlyHonest();
  });

  test("not at a port that takes a connection and is silent, after 3 s, while others are served", async () => {
    const connections: Promise<unknown>[] = [];
    const silent = createServer((socket) => connections.push(once(socket.resume(), "close")));
    const port = await listenOnLoopback(silent);
    const startedAtMs = performance.now();
    const answers = Array.from({ length: 20 }, () => register(client, { port }));
    await expectOnlyHonest();
    expect(performance.now() - startedAtMs).toBeLessThan(2_500);
    for (const answer of await Promise.all(answers)) expect(answer).toMatchObject(UNREACHABLE);
    expect(performance.now() - startedAtMs).toBeGreaterThan(2_900);
    await Promise.all(connections);
    expect(connections).toHaveLength(20);
    silent.close();
    await expectOnlyHonest();
  });

  test("not under the id of somebody else, neither at its own port nor at that of the other", async () => {
    using liar = await IdentifyingPeer.start({ claims: honest.peerId });
    const { peerId } = liar;
    const grant = await register(client, { peerId, port: liar.port });
    expect(grant).toMatchObject(UNREACHABLE);
    expect(await register(client, { peerId, port: honest.port, leaseToken: grant["leaseToken"] })).toMatchObject(UNREACHABLE);
    const stolen = await register(client, { peerId: honest.peerId, port: liar.port }).catch((error: ServiceError) => refusalOf(error));
    expect(stolen).toMatchObject({ reason: "LEASE_TOKEN_WRONG" });
    await expectOnlyHonest();
  });

  test.each(["169.254.169.254:80", "[fe80::1]:80", "0.0.0.0:22", "[::]:22", "224.0.0.1:22", "10.0.0.1:22", "[fd00::1]:22", "localhost:22", "0177.0.0.1:22"])(
    "not at %s, which is refused without a dial",
    async (advertisedAddress) => {
      const refused = await register(client, { port: honest.port, advertisedAddress }).catch((error: ServiceError) => refusalOf(error));
      expect(refused).toMatchObject({ code: 3, reason: "INVALID_ARGUMENT", text: expect.stringContaining("advertised_address") });
    },
  );
});

describe("x-forwarded-for", () => {
  test("is nothing to a tracker that trusts no proxy, or not this one", async () => {
    using peer = await IdentifyingPeer.start();
    for (const flags of [[], ["--trusted-proxy", "10.0.0.0/8"]]) {
      await using tracker = await startTracker(flags);
      using client = new PlainClient(tracker.address);
      const { peerId, port } = peer;
      expect(await register(client, { peerId, port }, "203.0.113.9")).toMatchObject({ ...REACHABLE, listedAddress: peer.address });
    }
  });

  test("from a proxy that is trusted says who calls, and what that one may not name", async () => {
    await using tracker = await startTracker(["--trusted-proxy", "192.0.2.0/24", "--trusted-proxy", "127.0.0.1/32"]);
    using client = new PlainClient(tracker.address);
    using peer = await IdentifyingPeer.start();
    const advertisedAddress = peer.address;
    const named = register(client, { peerId: peer.peerId, port: 9, advertisedAddress }, "127.0.0.1, 203.0.113.9, 192.0.2.7");
    expect(await named.catch((error: ServiceError) => refusalOf(error))).toMatchObject({ reason: "INVALID_ARGUMENT", text: expect.stringContaining("203.0.113.9") });
    expect(peer.asked).toBe(0);
    // It calls for itself.
    expect(await register(client, { peerId: peer.peerId, port: peer.port })).toMatchObject({ ...REACHABLE, listedAddress: peer.address });
  });
});

describe.skipIf(!Namespace.isPossible())("between machines", () => {
  test("a peer that others cannot reach downloads, is not listed, and is told so once", async () => {
    await using network = await Namespace.open();
    await network.run("ip", "address", "add", "10.77.0.1/32", "dev", "lo");
    await using folder = await openTempFolder();
    const enter = { enter: network.enterNetwork };
    await using tracker = await startTracker(["--listen", "10.77.0.1:0", "--lease", "2"], enter);
    const path = folder.join("file.bin");
    await writeTestFile(path, 100_000);
    const from = ["--tracker", tracker.address, "--json"];
    const share = (listen: string) => startPeer(["share", path, "--listen", listen, ...from], enter);
    const isListed = async () => (await runPeer(["list", ...from], enter)).events[0]!["seeds"];

    await using unreachable = share("127.0.0.1:0");
    await unreachable.waitForEvent("serving");
    expect(await isListed()).toBe(0);
    const port = String((await unreachable.waitForEvent("serving"))["address"]).split(":")[1];
    await using seeder = share("0.0.0.0:0");
    const { publicAddress } = await seeder.waitForEvent("serving");
    expect(publicAddress).toMatch(/^10\.77\.0\.1:/);
    expect(await isListed()).toBe(1);

    const fetcher = startPeer(["download", "file.bin", "--listen", "127.0.0.1:0", "--output", folder.join("copy"), ...from], enter);
    expect(await fetcher.waitForExit()).toEqual({ code: 0, signal: null });
    expect(fetcher.events.at(-1)).toMatchObject({ event: "finished", peers: [{ address: publicAddress }] });
    expect(await hashFile(folder.join("copy"))).toBe(await hashFile(path));

    expect(seeder.stderr).toEqual([]);
    const told = unreachable.stderr.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told).toMatchObject([
      {
        tracker: tracker.address,
        reachable: false,
        msg: expect.stringMatching(new RegExp(`^you can download, others cannot reach you: the tracker found nobody at port ${port} of the address from which it called`)),
      },
    ]);
  });
});
