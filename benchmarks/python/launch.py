"""Runs a command and says what it cost: wall time, CPU time and peak memory, as the kernel counted them.

    launch.py COMMAND [ARGUMENT...]

Adds two lines of JSON to the command's stdout: {"launcher":"started",...} before its first and {"launcher":"ended",...} after its last.
Node cannot do this: it reaps its children without asking for their resource usage.
"""

import json
import os
import signal
import sys
import time

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def say(**event):
    os.write(1, (json.dumps(event) + "\n").encode())


def main():
    command = sys.argv[1:]
    # They are meant for the command, which gets them too, for it is in the same group.
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    started_ns = time.monotonic_ns()
    pid = os.fork()
    if pid == 0:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        say(launcher="started", pid=os.getpid(), startedNs=started_ns)
        try:
            os.execvp(command[0], command)
        except OSError as error:
            os.write(2, f"{command[0]}: {error.strerror}\n".encode())
            os._exit(127)
    _, status, usage = os.wait4(pid, 0)
    ended_ns = time.monotonic_ns()
    say(
        launcher="ended",
        endedNs=ended_ns,
        code=os.waitstatus_to_exitcode(status),
        cpuSeconds=usage.ru_utime + usage.ru_stime,
        rssBytes=usage.ru_maxrss * 1024,
    )


main()
