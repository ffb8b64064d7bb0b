"""What is measured: one entry a workload.  A new workload is one entry here."""
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Workload:
    """One way of loading a proxy."""

    name: str
    title: str
    connections: int = 64
    body_bytes: int = 1015
    stream: bool = False
    chunks: int = 200           # Of each stream.
    rate: float = 50            # Chunks a second and stream; 0: as fast as the socket takes them.
    idle: bool = False          # Streams are opened and held; memory is what counts.
    upstream_tls: bool = False
    governance: bool = True     # What is off without it: tollgate_proxy.py.
    cores: int = 1              # Workers of the proxy, each on a core of its own.
    same_core: bool = False     # Client, proxy and provider share each core: the stable latency at
                                # c=1, and the whole chain's throughput on one core and on two.
    direct: bool = False        # Also without any proxy: what is added is the difference.
    paired: bool = False        # Between two runs of nginx, so that drift of the machine cancels.
    surface: str = "/v1/chat/completions"     # Tollgate's clients call this; the others' always
    wire_format: str = "FORMAT_OPENAI_CHAT"   # that of chat completions. And its provider's format.
    seconds: float = 4.0

    @property
    def unit(self):
        """What costs are divided by."""
        return "chunk" if self.stream and not self.idle else "request"

    def shortened(self, seconds, connections_max):
        """The same workload, for a quick look or within a limit of open files."""
        return replace(self, seconds=min(self.seconds, seconds),
                       connections=min(self.connections, connections_max))


WORKLOADS = [
    Workload("json_c1", "JSON 1 KB, c=1, one core", connections=1, same_core=True, direct=True,
             paired=True),
    Workload("json_c64", "JSON 1 KB, c=64", paired=True),
    Workload("json_c512", "JSON 1 KB, c=512", connections=512, paired=True),
    Workload("json_c64_off", "JSON 1 KB, c=64, governance off", governance=False, paired=True),
    Workload("prompt_100k", "100 KB prompt, c=16", connections=16, body_bytes=100_000,
             paired=True),
    Workload("prompt_400k", "400 KB prompt, c=16", connections=16, body_bytes=400_000,
             paired=True),
    Workload("sse_64x50", "SSE 64 streams × 50/s", stream=True, direct=True, seconds=6),
    Workload("sse_512x50", "SSE 512 streams × 50/s", connections=512, stream=True, seconds=6),
    Workload("sse_1000x100", "SSE 1,000 streams × 100/s", connections=1000, stream=True, rate=100,
             seconds=6, paired=True),
    Workload("sse_flat_out", "SSE 64 streams, flat out", stream=True, rate=0),
    Workload("idle_streams", "10,000 idle streams", connections=10_000, stream=True, rate=0.1,
             idle=True, seconds=5),
    Workload("json_tls_upstream", "JSON 1 KB, c=64, TLS upstream", upstream_tls=True, paired=True),
    Workload("chat_to_messages", "JSON 1 KB, chat completions on Anthropic's format, c=64",
             wire_format="FORMAT_ANTHROPIC", paired=True),
    Workload("messages_to_chat", "JSON 1 KB, Anthropic's messages on OpenAI's format, c=64",
             surface="/v1/messages", paired=True),
    Workload("sse_chat_to_messages", "SSE, chat completions on Anthropic's format, flat out",
             stream=True, rate=0, wire_format="FORMAT_ANTHROPIC"),
    Workload("sse_messages_to_chat", "SSE, Anthropic's messages on OpenAI's format, flat out",
             stream=True, rate=0, surface="/v1/messages"),
    Workload("chain_1_core", "Whole chain on 1 core, c=64", same_core=True, paired=True),
    Workload("chain_2_cores", "Whole chain on 2 cores, c=64", same_core=True, cores=2,
             paired=True),
]
