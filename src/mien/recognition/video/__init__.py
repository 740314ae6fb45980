"""Video: frames in, the same frames with their faces out, each face with a number that stays and a smoothed expression.

`kinds` says what a file is, `opening` opens it; `reading` decodes files on one rising `clock`, `showing` makes pictures
of their frames, `animations` reads animated pictures, `live` cameras and streams. `placing` says where every face is in
every frame (`tracking` keeps their numbers); `watching` crops, reads and smooths, and ties it together as `open_video`.
`annotating` (with `sound`), `timeline` and `summary` are the sinks that only videos need; the others are
`recognition.sinks`. Needs the extra `video`.
"""
