"""nginx as a reverse proxy, one process in the foreground: it passes on what comes."""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

CONFIGURATION = """
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    upstream back {{
        server {back};
        keepalive 8;
    }}
    server {{
        listen {front};
        client_max_body_size 16m;
        location / {{
            proxy_pass http://back;
            proxy_http_version 1.1;
            proxy_set_header Connection "";  # else each request has a connection of its own
            proxy_buffering off;  # else events are held back until a buffer is full
            proxy_read_timeout 1d;  # else subscribers are cut off after a minute of silence
            proxy_request_buffering off;
        }}
    }}
}}
"""


def run(front, back):
    with TemporaryDirectory() as folder:
        addresses = {"front": urlsplit(front).netloc, "back": urlsplit(back).netloc}
        Path(folder, "nginx.conf").write_text(CONFIGURATION.format(**addresses))
        nginx = ["nginx", "-p", folder, "-c", "nginx.conf"]
        # It must not outlive the program that started it.
        subprocess.run(["setpriv", "--pdeathsig", "KILL", *nginx], check=True)
