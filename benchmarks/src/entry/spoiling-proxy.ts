// Stands before a gRPC server and spoils what it sends: node spoiling-proxy.js HOST PORT TARGET_HOST TARGET_PORT.
// It prints that it listens, as a line of JSON.
import { connect, createServer, type Socket } from "node:net";
import { Spoiler } from "../measure/spoiler.js";

const [host, port, targetHost, targetPort] = process.argv.slice(2) as [string, string, string, string];
const server = createServer((caller) => {
  const spoiler = new Spoiler();
  const callee = connect(Number(targetPort), targetHost);
  join(caller, callee);
  join(callee, caller);
  caller.pipe(callee);
  callee.on("data", (data) => {
    spoiler.spoil(data);
    if (caller.write(data)) return;
    callee.pause();
    caller.once("drain", () => callee.resume());
  });
});
server.listen(Number(port), host, () => console.log(JSON.stringify({ event: "listening", port: Number(port) })));

/** The end of one side is that of the other; why it ended does not matter here. */
function join(side: Socket, other: Socket): void {
  side.on("error", () => other.destroy());
  side.on("close", () => other.destroy());
}
