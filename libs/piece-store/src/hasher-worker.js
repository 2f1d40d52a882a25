// The hasher's thread: one for a process. It does what takes long (hashing) and what may wait (writing), strictly in the order of the
// requests, so that a chunk is on disk before its piece is verified and a piece before its record in the journal.
import { parentPort, workerData } from "node:worker_threads";
import { FdCache } from "./fd-cache.js";
import { HasherFiles, SystemFailureError } from "./hasher-files.js";

/** @import { FilesRef, HasherAnswer, HasherCallRequest, HasherRequest, HasherRequests, HasherResponse, HasherSettings } from "./hasher-protocol.js" */

const port = parentPort;
if (port === null) throw new Error("the hasher runs in a thread of its own");

/** @type {HasherSettings} */
const { untoldBytesMax } = workerData;
const fds = new FdCache();
/** @type {Map<FilesRef, HasherFiles>} */
const opened = new Map();
let consumedBytes = 0;
/** @type {{ readonly set: FilesRef, readonly buffer: ArrayBuffer }[]} */
let released = [];

port.on("message", (/** @type {HasherRequests} */ requests) => {
  /** @type {HasherAnswer[]} */
  const answers = [];
  for (const request of requests) {
    switch (request.type) {
      case "openFiles":
        opened.set(request.set, new HasherFiles(request.set, request, fds));
        break;
      case "append":
        append(request);
        break;
      case "discard":
        filesOf(request).discard(request);
        break;
      default:
        answers.push(answer(request));
    }
  }
  if (answers.length > 0 || consumedBytes >= untoldBytesMax) respond(answers);
});

/** @param {Extract<HasherRequest, { type: "append" }>} request */
function append(request) {
  const { set, data } = request;
  consumedBytes += data.byteLength;
  if (!filesOf(request).append(request)) released.push({ set, buffer: data.buffer });
}

/**
 * @param {HasherCallRequest} request
 * @returns {HasherAnswer}
 */
function answer(request) {
  try {
    return { call: request.call, result: perform(request) };
  } catch (error) {
    if (!(error instanceof SystemFailureError)) throw error;
    return { call: request.call, failure: error.failure };
  }
}

/** @param {HasherCallRequest} request */
function perform(request) {
  const files = filesOf(request);
  switch (request.type) {
    case "layOut":
      return files.layOut(request);
    case "verify":
      return files.verify(request);
    case "store":
      return files.store(request);
    case "hash":
      return files.hash(request);
    case "sync":
      return files.sync(request);
    case "releaseFiles":
      return files.releaseFiles();
    case "closeFiles":
      opened.delete(request.set);
      return files.close();
  }
}

/** @param {readonly HasherAnswer[]} answers */
function respond(answers) {
  /** @type {HasherResponse} */
  const response = { consumedBytes, released, answers };
  port?.postMessage(response, released.map(({ buffer }) => buffer));
  consumedBytes = 0;
  released = [];
}

/** @param {{ readonly set: FilesRef }} request */
function filesOf({ set }) {
  const files = opened.get(set);
  if (files === undefined) throw new Error(`set ${set} is not open`);
  return files;
}
