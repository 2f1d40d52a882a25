import { bencode } from "./bencode.js";

const ANNOUNCE_INTERVAL_SECONDS = 1_800;

/** What a peer says of itself in an announcement. */
export interface Announcement {
  readonly address: string;
  readonly port: number;
  /** Bytes that it does not have yet. */
  readonly left: number;
  /** "stopped" when it leaves. */
  readonly event: string | undefined;
}

/** The peers of one torrent, as a BitTorrent tracker keeps them. */
export class TrackerState {
  readonly #peers = new Map<string, Buffer>();

  /** @returns the answer: all other peers. */
  announce({ address, port, event }: Announcement): Buffer {
    const key = `${address}:${port}`;
    const others = [...this.#peers].filter(([other]) => other !== key).map(([, peer]) => peer);
    if (event === "stopped") this.#peers.delete(key);
    else this.#peers.set(key, compactPeer(address, port));
    return bencode({ interval: ANNOUNCE_INTERVAL_SECONDS, peers: Buffer.concat(others) });
  }
}

/** An IPv4 address and a port in six bytes. */
function compactPeer(address: string, port: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.set(address.split(".").map(Number));
  bytes.writeUInt16BE(port, 4);
  return bytes;
}
