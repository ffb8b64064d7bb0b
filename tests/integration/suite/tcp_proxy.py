"""A TCP proxy that does with bytes what networks do: late, slow, in pieces, twice, or not at all.

It knows nothing of what the bytes mean. `up` is the direction from the clients, `down` the one to
them; each has its own faults, which hold from when they are set and for all connections.
"""
import asyncio
import threading
from dataclasses import dataclass

READ_BYTES = 64 * 1024
LOOK_AGAIN_S = 0.005


@dataclass
class Direction:
    """The faults of one direction; none to begin with."""

    held: bool = False  # Nothing passes and nothing is lost: a partition, half-open.
    swallowed: bool = False  # Everything is taken and thrown away.
    delay_s: float = 0.0  # Each read arrives so much later.
    bytes_per_s: int = 0  # No more than this; 0 for any.
    split_bytes: int = 0  # Written in pieces of this size, each by itself; 0 for as it came.

    def clear(self):
        """None of them."""
        self.__init__()


class TcpProxy:
    """Listens on a free port (`address`) and passes on to `upstream`, until stop()."""

    def __init__(self, upstream):
        self._host, _, port = upstream.rpartition(":")
        self._port = int(port)
        self.up = Direction()
        self.down = Direction()
        self.doubled = False  # What clients send on new connections goes upstream twice.
        self._writers = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait()

    def _run(self):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()

    def stop(self):
        """Ends all connections, and listens no more."""
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def cut(self):
        """Breaks all connections off, with a reset."""
        def abort():
            for writer in list(self._writers):
                writer.transport.abort()
        self._loop.call_soon_threadsafe(abort)

    def heal(self):
        """No faults from now on; connections stay."""
        self.up.clear()
        self.down.clear()

    @property
    def connections(self):
        """How many clients are connected."""
        return len(self._writers) // 2

    async def _serve(self, reader, writer):
        try:
            others = [await asyncio.open_connection(self._host, self._port)
                      for _ in range(2 if self.doubled else 1)]
        except OSError:
            writer.transport.abort()
            return
        ours = {writer, *(other for _, other in others)}
        self._writers |= ours
        pipes = [self._pass(reader, [other for _, other in others], self.up),
                 self._pass(others[0][0], [writer], self.down),
                 *(self._pass(spare, [], self.down) for spare, _ in others[1:])]
        tasks = [asyncio.ensure_future(pipe) for pipe in pipes]
        # Either side's end is the end of both, as far as those who wait can tell.
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        for one in ours:
            one.transport.abort()
        self._writers -= ours

    async def _pass(self, reader, writers, direction):
        try:
            while data := await reader.read(READ_BYTES):
                while direction.held:
                    await asyncio.sleep(LOOK_AGAIN_S)
                if direction.swallowed:
                    continue
                if direction.delay_s:
                    await asyncio.sleep(direction.delay_s)
                for writer in writers:
                    await self._write(writer, data, direction)
                if direction.bytes_per_s:
                    await asyncio.sleep(len(data) / direction.bytes_per_s)
        except OSError:
            pass

    @staticmethod
    async def _write(writer, data, direction):
        size = direction.split_bytes or len(data)
        for start in range(0, len(data), size):
            writer.write(data[start:start + size])
            await writer.drain()
            if direction.split_bytes:
                await asyncio.sleep(0)
