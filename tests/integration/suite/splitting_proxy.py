"""A proxy that hands on what a server answers one byte at a time."""
import asyncio
import threading
from urllib.parse import urlsplit

READ_BYTES = 65536


class SplittingProxy:
    """Stands before the server at `url`; `url` of the proxy is another. Made by `with`.

    Each byte of an answer is a write of its own, after the loop has turned: over a run, whoever
    reads sees the texts of a stream cut at every place.
    """

    def __init__(self, url):
        parts = urlsplit(url)
        self._upstream = (parts.hostname, parts.port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.url = None
        self.bytes_split = 0

    def __enter__(self):
        self._thread.start()
        server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop).result()
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *exception):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _serve(self, reader, writer):
        try:
            up_reader, up_writer = await asyncio.open_connection(*self._upstream)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._pass(reader, up_writer), self._split(up_reader, writer))

    @staticmethod
    async def _pass(reader, writer):
        try:
            while data := await reader.read(READ_BYTES):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.close()

    async def _split(self, reader, writer):
        try:
            while data := await reader.read(READ_BYTES):
                for byte in data:
                    writer.write(bytes((byte,)))
                    await asyncio.sleep(0)
                self.bytes_split += len(data)
                await writer.drain()
        except OSError:
            pass
        writer.close()
