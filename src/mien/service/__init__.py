"""The HTTP service of `mien serve`: pictures in, faces out, for programs in any language.

`api` has the addresses and what they answer. `admission` lets in no more requests than the `limits` allow and does
their work in threads, `bodies` reads what is sent without ever storing it, `reading` makes faces of it, and `schemas`
says what answers look like. `watching` surrounds every request with `guarding` (who may ask) and `metrics` (for
Prometheus); `running` starts and ends the server. Imports `recognition`; the extra `serve` brings the web framework.
"""
