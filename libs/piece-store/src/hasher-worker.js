// The hasher's thread: one for a process. It does what takes long (hashing) and what may wait (writing), strictly in the order of the
// requests, so that a chunk is on disk before its piece is verified and a piece before its record in the journal.
import { parentPort } from "node:worker_threads";
import { FdCache } from "./fd-cache.js";
import { HasherFiles, SystemFailureError } from "./hasher-files.js";

/** @import { FilesRef, HasherCallRequest, HasherRequest, HasherResponse } from "./hasher-protocol.js" */

/** Chunks are acknowledged when they add up to so many bytes: a message for each would cost more than it is worth. */
const ACKNOWLEDGE_BYTES = 4 * 1024 * 1024;

const port = parentPort;
if (port === null) throw new Error("the hasher runs in a thread of its own");

const fds = new FdCache();
/** @type {Map<FilesRef, HasherFiles>} */
const opened = new Map();
let consumedBytes = 0;

port.on("message", (/** @type {HasherRequest} */ request) => {
  switch (request.type) {
    case "openFiles":
      opened.set(request.set, new HasherFiles(request.set, request, fds));
      return;
    case "append":
      filesOf(request).append(request);
      consumedBytes += request.data.byteLength;
      if (consumedBytes >= ACKNOWLEDGE_BYTES) respond(undefined);
      return;
    case "discard":
      filesOf(request).discard(request);
      return;
    default:
      respond(answer(request));
  }
});

/**
 * @param {HasherCallRequest} request
 * @returns {HasherResponse["answer"]}
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
    case "releaseFiles":
      return files.releaseFiles();
    case "closeFiles":
      opened.delete(request.set);
      return files.close();
  }
}

/** @param {HasherResponse["answer"]} answered */
function respond(answered) {
  /** @type {HasherResponse} */
  const response = answered === undefined ? { consumedBytes } : { consumedBytes, answer: answered };
  consumedBytes = 0;
  port?.postMessage(response);
}

/** @param {{ readonly set: FilesRef }} request */
function filesOf({ set }) {
  const files = opened.get(set);
  if (files === undefined) throw new Error(`set ${set} is not open`);
  return files;
}
