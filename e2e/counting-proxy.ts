import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Stands before a server, and counts what it passes on to those who call. */
export interface CountingProxy extends AsyncDisposable {
  /** `host:port` to call instead of the server. */
  readonly address: string;
  /** Connections made so far. */
  readonly connections: number;
  /** Bytes passed on to callers so far, in whatever they are wrapped. */
  readonly passedBytes: number;
  /** Resolves as soon as `passedBytes` is so much. */
  whenPassed(bytes: number): Promise<void>;
}

export async function startCountingProxy(target: string): Promise<CountingProxy> {
  const [host, port] = target.split(":") as [string, string];
  const sockets = new Set<Socket>();
  let connections = 0;
  let passedBytes = 0;
  const waiting = new Set<{ readonly bytes: number; readonly resolve: () => void }>();
  const passed = (bytes: number): void => {
    passedBytes += bytes;
    for (const waiter of waiting) {
      if (passedBytes < waiter.bytes) continue;
      waiting.delete(waiter);
      waiter.resolve();
    }
  };
  const join = (from: Socket, to: Socket): void => {
    sockets.add(from);
    // The death of one side is that of the other; what it was does not matter here.
    from.on("error", () => to.destroy());
    from.on("close", () => {
      sockets.delete(from);
      to.destroy();
    });
    from.pipe(to);
  };
  const server = createServer((caller) => {
    connections += 1;
    const callee = connect(Number(port), host);
    callee.on("data", (data) => passed(data.length));
    join(caller, callee);
    join(callee, caller);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
    get passedBytes() {
      return passedBytes;
    },
    whenPassed: (bytes) =>
      new Promise((resolve) => {
        waiting.add({ bytes, resolve });
        passed(0);
      }),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
