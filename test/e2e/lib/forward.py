"""forward.py LISTEN TARGET: a TCP port forwarder, as a container's proxy device is one. Runs to SIGTERM."""
import asyncio
import os
import signal
import sys


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()


async def main():
    (listen_host, listen_port), (host, port) = (word.rsplit(':', 1) for word in sys.argv[1:3])

    async def on_connection(reader, writer):
        try:
            there = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.close()
            return
        await asyncio.gather(copy(reader, there[1]), copy(there[0], writer))

    server = await asyncio.start_server(on_connection, listen_host, int(listen_port))
    print('forwarding', flush=True)
    await server.serve_forever()


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
asyncio.run(main())
