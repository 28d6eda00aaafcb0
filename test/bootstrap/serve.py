"""serve.py AUTHORITY DIRECTORY PORT-FILE - serves a directory over TLS, as a master serves its files.

What is asked for is on stderr, one line each. Ends with the process that started it."""
import ctypes
import functools
import http.server
import os
import signal
import ssl
import sys

authority, directory, port_file = sys.argv[1:]
ctypes.CDLL(None).prctl(1, signal.SIGTERM)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.minimum_version = ssl.TLSVersion.TLSv1_3
context.load_cert_chain(authority + "/crt", authority + "/key")
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=directory)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
with open(port_file + ".new", "w") as f:
    f.write(str(server.server_address[1]))
os.rename(port_file + ".new", port_file)
server.serve_forever()
