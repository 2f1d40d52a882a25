import { type RegisterResponse, type RenewResponse, Reachability } from "@piecewise/contract";

/** Where one tracker lists this peer, and whether it does. */
export class TrackerListing {
  readonly #isUsable: (address: string) => boolean;
  #address: string | undefined;
  #isUnreachable = false;

  /** @param isUsable whether an address that the tracker tells is taken over. */
  constructor(isUsable: (address: string) => boolean) {
    this.#isUsable = isUsable;
  }

  /** `host:port`, undefined while it is not listed. It goes into links. */
  get address(): string | undefined {
    return this.#address;
  }

  /** Returns whether it is news that the tracker cannot reach this peer, and so others cannot. */
  noteRegistered(answer: RegisterResponse): boolean {
    this.#address = undefined;
    return this.noteRenewed(answer);
  }

  /** As for a registration. A tracker that does not know yet, or is of an older make, leaves what it said before. */
  noteRenewed({ listedAddress, reachability }: RegisterResponse | RenewResponse): boolean {
    if (this.#isUsable(listedAddress)) this.#address = listedAddress;
    if (reachability === Reachability.UNSPECIFIED) return false;
    const wasUnreachable = this.#isUnreachable;
    this.#isUnreachable = reachability === Reachability.UNREACHABLE;
    if (this.#isUnreachable) this.#address = undefined;
    return this.#isUnreachable && !wasUnreachable;
  }
}
