"""One libtorrent peer as a process, tuned for a fast local network: what the benchmark measures Piecewise against.

    libtorrent_peer.py --torrent FILE --folder DIR --listen HOST:PORT [--connect HOST:PORT]... [--serve] [--unverified]

Without --serve it ends as soon as it has every piece, verified. It prints a line of JSON when it is ready (it listens and has checked what
was in the folder) and when it is finished.
"""

import argparse
import json
import os
import sys

import libtorrent as lt

WAIT_MS = 1_000
FAILED = (
    lt.torrent_error_alert,
    lt.file_error_alert,
    lt.listen_failed_alert,
)


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--torrent", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--listen", required=True)
    parser.add_argument("--connect", action="append", default=[])
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--unverified", action="store_true")
    return parser.parse_args()


def settings(listen, unverified):
    categories = lt.alert.category_t
    return {
        "listen_interfaces": listen,
        "alert_mask": categories.status_notification | categories.error_notification | categories.storage_notification,
        # Nothing but the peers that it is told of.
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        # uTP is slower than TCP, and encryption costs time.
        "enable_outgoing_utp": False,
        "enable_incoming_utp": False,
        "out_enc_policy": int(lt.enc_policy.disabled),
        "in_enc_policy": int(lt.enc_policy.disabled),
        # On loopback all peers have one address.
        "allow_multiple_connections_per_ip": True,
        # Large buffers, and a slot for everybody.
        "send_buffer_watermark": 4 << 20,
        "send_buffer_low_watermark": 1 << 20,
        "send_buffer_watermark_factor": 150,
        "max_queued_disk_bytes": 16 << 20,
        "max_out_request_queue": 1_500,
        "unchoke_slots_limit": -1,
        "file_pool_size": 500,
        "aio_threads": 4,
        "hashing_threads": 2,
        "connection_speed": 500,
        # Peers are dialled at a tick, by default twice a second.
        "tick_interval": 10,
        # Only the benchmark's peer that sends wrong bytes: it would not seed what it can see to be wrong.
        "disable_hash_checks": unverified,
    }


def endpoint(text):
    host, _, port = text.rpartition(":")
    return host, int(port)


def say(event):
    print(json.dumps({"event": event}), flush=True)


def main():
    arguments = parse_arguments()
    session = lt.session(settings(arguments.listen, arguments.unverified))
    parameters = lt.add_torrent_params()
    parameters.ti = lt.torrent_info(arguments.torrent)
    parameters.save_path = arguments.folder
    parameters.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    if arguments.unverified:
        parameters.flags |= lt.torrent_flags.seed_mode
    torrent = session.add_torrent(parameters)
    for address in arguments.connect:
        torrent.connect_peer(endpoint(address))
    if arguments.unverified:
        say("ready")

    while True:
        session.wait_for_alert(WAIT_MS)
        for alert in session.pop_alerts():
            if isinstance(alert, FAILED):
                sys.exit(alert.message())
            if isinstance(alert, lt.torrent_checked_alert):
                say("ready")
            if isinstance(alert, lt.torrent_finished_alert):
                # Every piece has been verified, but some may wait to be written.
                torrent.flush_cache()
            if isinstance(alert, lt.cache_flushed_alert) and torrent.status().is_finished:
                say("finished")
                if not arguments.serve:
                    # What a session does at its end would only cost it time.
                    os._exit(0)


main()
