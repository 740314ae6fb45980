"""Video: frames in, the same frames with their faces out, each face with a number that stays and a smoothed expression.

`opening` opens a file, `reading` decodes it on one rising `clock`, `showing` makes pictures of its frames; `animations`
reads animated pictures, `live` cameras and streams (`live_names` are what these are called); `recognition.kinds` says
which a file is. `placing` says where each face is in every frame (`tracking` keeps their numbers); `watching` crops,
reads and smooths, and ties it together as `open_video`. `annotating` (with `sound`), `timeline` and `summary` are the
sinks that only videos need; the others are `recognition.sinks`. Needs the extra `video`.
"""
