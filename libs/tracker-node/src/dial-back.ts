import { parseHostPort } from "@piecewise/base";
import { PeerService } from "@piecewise/contract";
import { callStranger } from "@piecewise/rpc";
import { DIAL_BACK_TIMEOUT_MS, type DialBack, type DialBackAnswer } from "@piecewise/swarm-registry";
import { fromHex, toHex } from "./wire.js";

/** Bytes of an answer to Identify: a nonce, and the ids of a peer with as many trackers as it can have. */
export const DIAL_BACK_ANSWER_BYTES_MAX = 1_024;

/** Dials an address and asks who is there; undefined if there was no answer in time. */
export type Dial = (dialBack: Pick<DialBack, "address" | "nonce">, signal: AbortSignal) => Promise<DialBackAnswer | undefined>;

/** Asks a peer who it is, as anybody can. */
export const dialPeer: Dial = async ({ address, nonce }, signal) => {
  const answer = await callStranger(PeerService.method.identify, { nonce: fromHex(nonce) }, {
    address: parseHostPort(address, "the address of a peer"),
    timeoutMs: DIAL_BACK_TIMEOUT_MS,
    answerBytesMax: DIAL_BACK_ANSWER_BYTES_MAX,
    signal,
  });
  return answer && { nonce: toHex(answer.nonce), peerIds: [answer.peerId, ...answer.otherPeerIds].map(toHex) };
};
