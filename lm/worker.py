"""Lends this machine to a training on another one: `python -m lm.train --workers=...`.

    python -m lm.worker --address=192.168.1.12:2222

The worker keeps nothing: it computes what the training sends. It runs until Ctrl-C ends it, and one
training after the other can use it.

TensorFlow's protocol knows no passwords and no encryption, and a worker executes any graph that it
receives, which can read and write files. The worker listens on all network interfaces of the
machine. So use it in a network that you trust, behind a firewall.
"""

import socket
import time

import console

if __name__ == "__main__":
    console.hush_tensorflow()

from lm import cluster, command_line


def _check_free(address):
    """Raises ClusterError if the address is not one of this machine, or if its port is taken."""
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
        help="where the training finds this worker; what --workers names",
    )
    arguments = parser.parse_args()
    with console.errors_in_one_line(vars(arguments)):
        _check_free(arguments.address)
        _server = cluster.serve(arguments.address, "address")
        print("Working for any training that names %s. Ctrl-C ends." % arguments.address)
        # TensorFlow's threads do the work. `server.join()` would not take note of a signal.
        while True:
            time.sleep(1)


if __name__ == "__main__":
    main()
