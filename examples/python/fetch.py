"""Fetches a file from several Piecewise peers at once: fetch.py TRACKER NAME OUTPUT (README.md shows the set-up)."""
import hashlib
import os
import sys
from concurrent.futures import ThreadPoolExecutor
import grpc
from piecewise.v1 import manifest_pb2, peer_pb2, peer_pb2_grpc, tracker_pb2, tracker_pb2_grpc

PEERS_MAX, BYTES_MAX, WAIT_S, BYTES_PER_S_MIN = 8, 64 << 20, 30, 32 << 10
DIRECT = [("grpc.enable_http_proxy", 0)]  # A proxy of the environment knows no peers.
stubs, unanswered = {}, []  # Peers by address; their addresses, once for each call that is under way or failed.

def explain(error):
    return f"{error.code().name} {error.details()!r}" if isinstance(error, grpc.RpcError) else error

def ask(method, request, sha256, bytes_max):
    """Asks idle and reliable peers first, until one sends what has that SHA-256. Returns it, and who that was."""
    for address in sorted(stubs, key=unanswered.count):
        unanswered.append(address)
        stream, data = getattr(stubs[address], method)(request, timeout=WAIT_S + bytes_max / BYTES_PER_S_MIN), bytearray()
        try:
            while len(data) <= bytes_max and (message := next(stream, None)):
                data += message.data
            if hashlib.sha256(data).hexdigest() != sha256:
                raise ValueError("what it sent does not match its hash")
            unanswered.remove(address)
            return data, address
        except (grpc.RpcError, ValueError) as error:
            print(f"fetch.py: {address!r}: {explain(error)}", file=sys.stderr)
    raise ValueError(f"none of {len(stubs)} peers gives what {method} asks for")

def main(tracker, name, output):
    stub = tracker_pb2_grpc.TrackerServiceStub(grpc.insecure_channel(tracker, DIRECT))
    found = stub.Lookup(tracker_pb2.LookupRequest(name=name, peers_max=PEERS_MAX), timeout=WAIT_S)
    if len(found.contents) != 1:
        raise ValueError(f"{len(found.contents)} contents are called {name!r}")
    content_id = found.contents[0].content_id  # "sha256:" and the hash of the manifest.
    for peer in found.peers:  # Without "dns:" a peer's address could name a socket file.
        stubs[peer.address] = peer_pb2_grpc.PeerServiceStub(grpc.insecure_channel(f"dns:///{peer.address}", DIRECT))
    data, _ = ask("GetManifest", peer_pb2.GetManifestRequest(content_id=content_id), content_id[7:], BYTES_MAX)
    manifest = manifest_pb2.Manifest.FromString(data)
    hashes = [manifest.piece_hashes[i : i + 32].hex() for i in range(0, len(manifest.piece_hashes), 32)]
    if [entry.path for entry in manifest.entries] != [""] or len(hashes) * manifest.piece_length < manifest.total_bytes:
        raise ValueError(f"{name!r} is not a single file")
    def fetch_piece(index):
        request = peer_pb2.GetPieceRequest(content_id=content_id, piece_index=index)
        data, address = ask("GetPiece", request, hashes[index], min(manifest.piece_length, BYTES_MAX))
        if os.pwrite(file.fileno(), data, index * manifest.piece_length) < len(data):
            raise OSError(f"no space left for {output!r}")
        return address
    with open(output + ".part", "wb") as file, ThreadPoolExecutor(len(stubs)) as pool:
        sources = list(pool.map(fetch_piece, range(len(hashes))))
    os.replace(output + ".part", output)
    sys.stdout.writelines(f"{sources.count(address)} pieces from {address}\n" for address in sorted(set(sources)))

if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception as error:  # Whatever it is: one line.
        sys.exit(f"fetch.py: {explain(error)}")
