"""POSTs each line of hex from standard input, and prints each reply as one."""

import sys
import urllib.request

for line in sys.stdin:
    with urllib.request.urlopen(sys.argv[1], bytes.fromhex(line)) as reply:  # noqa: S310
        sys.stdout.write(reply.read().hex() + "\n")
