import { Namespace } from "../namespace.js";
import type { Facts, Scenario } from "../scenario.js";
import { MIB, type World } from "../world.js";

const [NEAR, FAR] = ["10.99.0.1", "10.99.0.2"];

/** Nothing tells either side of it: packets just do not arrive. */
export const linkCut: Scenario = {
  name: "link-cut",
  fault: "the link to a seeder cut (ip link) and mended; another serves, or none does",
  needs: "namespaces",
  async run(world: World): Promise<Facts> {
    const [bytes, cutMs] = world.isLong ? [48 * MIB, 20_000] : [12 * MIB, 3_000];
    await using near = await Namespace.open();
    await using far = await Namespace.open();
    await near.run("ip", "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", String(far.pid));
    for (const [namespace, address] of [[near, NEAR], [far, FAR]] as const) {
      await namespace.run("ip", "address", "add", `${address}/24`, "dev", "wire");
      await namespace.run("ip", "link", "set", "wire", "up");
    }
    const film = await world.newFile("film.bin", bytes);
    const [here, there] = [{ enter: near.enterNetwork }, { enter: far.enterNetwork }];
    const tracker = await world.startTracker(["--listen", `${NEAR}:0`], here);
    const distant = await world.startSeeder(film, [tracker.address], listening(FAR), there);

    // Nobody else has it: it goes on when the link does.
    const flags = ["--listen", `${NEAR}:0`];
    const alone = world.startDownload(distant.contentId, film, [...flags, "--tracker", tracker.address], here);
    await alone.whenVerified(world.between(1, bytes / 2));
    await near.run("ip", "link", "set", "wire", "down");
    await world.moment(cutMs);
    const before = alone.verifiedBytes;
    await near.run("ip", "link", "set", "wire", "up");
    const mendedMs = performance.now();
    await alone.whenVerified(before + 1);
    const recoveryMs = [performance.now() - mendedMs];
    await alone.finish();

    // Somebody else has it: the link stays cut.
    const neighbour = await world.startSeeder(film, [tracker.address], listening(NEAR), here);
    const both = world.startDownload(distant.contentId, film, [...flags, "--peer", distant.address, "--peer", neighbour.address], here);
    await both.whenVerified(world.between(1, bytes / 2));
    const faultMs = performance.now();
    await near.run("ip", "link", "set", "wire", "down");
    await both.finish();
    recoveryMs.push(both.longestPauseMs(faultMs));
    return { tries: 2, recoveryMs };
  },
};

const listening = (address: string): string[] => ["--listen", `${address}:0`, "--upload-limit", "3M"];
