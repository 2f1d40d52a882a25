// Stands in for grpcurl, which Debian does not package: takes the arguments that the documents show, and asks through buf curl.
// Its output is that of buf curl. A Watch call ends with its first answer, as if somebody had pressed Ctrl-C then.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";

const REFLECTION = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

const { values, positionals } = parseArgs({
  args: process.argv.slice(2).map((arg) => (arg === "-plaintext" ? "--plaintext" : arg)),
  options: { plaintext: { type: "boolean" }, data: { type: "string", short: "d", default: "{}" } },
  allowPositionals: true,
});
const [address, what, symbol] = positionals;
if (values.plaintext !== true) throw new Error("without -plaintext grpcurl would use TLS");

if (what === "list") await curl(["--list-services", `http://${address}`]);
else if (what === "describe") await describe();
else await curl(["-d", values.data, `http://${address}/${what}`], /\/Watch\w+$/.test(what));

/** grpcurl shows the declaration; here it is enough that the server has one. */
async function describe() {
  const answer = await curl(["-d", JSON.stringify({ file_containing_symbol: symbol }), `http://${address}/${REFLECTION}`]);
  if (!answer.includes('"fileDescriptorResponse"')) process.exitCode = 1;
}

async function curl(args, isEndless = false) {
  // A group of its own, for buf is a script that starts the program.
  const options = { stdio: ["ignore", "pipe", "inherit"], detached: true };
  const child = spawn("buf", ["curl", "--protocol", "grpc", "--http2-prior-knowledge", ...args], options);
  let answer = "";
  let isEnough = false;
  child.stdout.setEncoding("utf8").on("data", (text) => {
    answer += text;
    if (isEnough || !isEndless || !/^\}$/m.test(answer)) return;
    isEnough = true;
    process.kill(-child.pid);
  });
  const [code] = await once(child, "close");
  process.stdout.write(answer);
  process.exitCode = isEnough ? 0 : (code ?? 1);
  return answer;
}
