"""Lends this machine to a training on another machine: `python -m lm.train --workers=...`.

    python -m lm.worker --address=192.168.1.12:2222

The worker computes what the training sends, and keeps nothing. It runs until you press Ctrl-C. One
training after the other can use it.

TensorFlow's protocol has no passwords and no encryption. A worker executes any graph that it
receives, and a graph can read and write files. The worker listens on all network interfaces of the
machine. So use it only in a network that you trust, behind a firewall.
"""

import socket
import time

import console

if __name__ == "__main__":
    console.hush_tensorflow()

from lm import cluster, command_line


def _check_free(address):
    """Raises ClusterError if this machine does not have the address, or if the port is taken."""
    host, port = cluster.split_address(address, "address")
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
    except (OSError, UnicodeError) as error:
        raise cluster.ClusterError(
            "address",
            "cannot listen there (%s); give an address of this machine and a free port"
            % (getattr(error, "strerror", None) or error),
        )


def main():
    parser = command_line.Parser(__doc__)
    parser.add_argument(
        "--address",
        required=True,
        metavar="HOST:PORT",
        help="the address of this worker, which --workers of the training names",
    )
    arguments = parser.parse_args()
    with console.errors_in_one_line(vars(arguments)):
        _check_free(arguments.address)
        cluster.check_version("address")
        _server = cluster.serve(arguments.address, "address")
        print("Working for any training that names %s. Ctrl-C ends." % arguments.address)
        # TensorFlow's threads do the work. Signals would not end `server.join()`.
        while True:
            time.sleep(1)


if __name__ == "__main__":
    main()
