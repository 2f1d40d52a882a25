import { Metadata, type MetadataOptions } from "@grpc/grpc-js";
import transport from "@grpc/grpc-js/build/src/transport.js";
import type { BulkReader } from "./bulk-reader.js";
import { BulkSocket } from "./bulk-socket.js";
import { BulkSockets } from "./bulk-sockets.js";

const OPTION = "piecewise.bulk";

/** Options of a channel whose calls may have a reader; its connections are kept in `sockets` while they last. */
export const connectInBulk = (sockets: BulkSockets): Record<string, unknown> => ({ [OPTION]: sockets });

/** What this needs of the inside of grpc-js. */
interface Connector {
  tcpConnect(address: { readonly host?: string }, options: Record<string, unknown>): Promise<unknown>;
  createSession(connected: { readonly socket: unknown }, ...rest: unknown[]): Promise<Transport>;
}

interface Transport {
  /** Whether it has told its owner that the connection is over. It tells that once. */
  readonly disconnectHandled?: boolean;
  createCall(metadata: Metadata, ...rest: unknown[]): { readonly http2Stream?: { readonly id?: number } };
}

/** The options of metadata go with it through all of grpc-js, and not over the wire. */
interface OptionsWithReader extends MetadataOptions {
  readonly bulkReader?: BulkReader;
}

const withReader = (bulkReader: BulkReader): OptionsWithReader => ({ bulkReader });

/** Metadata of a call whose messages the reader gets, if the connection can give them to it; otherwise they come by way of grpc-js. */
export const metadataWithReader = (bulkReader: BulkReader): Metadata => new Metadata(withReader(bulkReader));

// grpc-js has no setting for how it connects or what becomes of DATA: its module is changed, which a test watches over. Where it is not as
// it was, calls go their usual way.
const connector = transport.Http2SubchannelConnector.prototype as unknown as Connector;
const { tcpConnect, createSession } = connector;

connector.tcpConnect = function tcpConnectInBulk(address, options) {
  const sockets = options[OPTION];
  if (!(sockets instanceof BulkSockets) || address.host === undefined) return tcpConnect.call(this, address, options);
  return BulkSocket.connect(address as Parameters<typeof BulkSocket.connect>[0], sockets);
};

connector.createSession = async function createSessionWithReaders(connected, ...rest) {
  const session = await createSession.call(this, connected, ...rest);
  // A server that leaves as soon as it has come says so before anybody listens. Taken for alive, such a connection would be asked for calls
  // over and over, with no pause in which anything else could happen.
  if (session.disconnectHandled === true) throw new Error("the connection was closed as soon as it was made");
  if (connected.socket instanceof BulkSocket) attachReaders(session, connected.socket);
  return session;
};

function attachReaders(session: Transport, socket: BulkSocket): void {
  const { createCall } = session;
  session.createCall = function createCallWithReader(metadata, ...rest) {
    const { bulkReader } = metadata.getOptions() as OptionsWithReader;
    if (bulkReader !== undefined) metadata.set("grpc-accept-encoding", "identity");
    const call = createCall.call(this, metadata, ...rest);
    const stream = call.http2Stream?.id;
    if (bulkReader !== undefined && stream !== undefined) socket.attach(stream, bulkReader);
    return call;
  };
}
