/** Where the processes of a measurement run. */
export interface Network extends AsyncDisposable {
  /** The host of the tracker, which nothing slows down. */
  readonly trackerHost: Host;
  /** Hosts of peers, as many as were asked for. */
  readonly hosts: readonly Host[];
  /** What all peers have sent so far; undefined where the interface is shared with the rest of the machine. */
  sent(): Promise<Sent | undefined>;
}

export interface Host {
  readonly address: string;
  /** What stands before a command that runs on this host. */
  readonly enter: readonly string[];
  /** A port that nobody uses. */
  pickPort(): Promise<number>;
  /** What it has sent so far; undefined where it shares its interface with others. */
  sent(): Promise<Sent | undefined>;
}

/** As an interface counts, with all headers. */
export interface Sent {
  readonly bytes: number;
  readonly packets: number;
}

/** What slows down everything that a host sends: how much may leave in a second, and how long it is under way. */
export interface Shape {
  readonly bytesPerSecond: number;
  /** 0 for no delay. */
  readonly delayMs: number;
}
