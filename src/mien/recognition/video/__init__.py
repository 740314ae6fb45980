"""Video: frames in, the same frames with their faces out, each face with a number that stays and a smoothed expression.

`reading` decodes files, `live` cameras and streams; `placing` says where every face is in every frame (`tracking` keeps
their numbers); `watching` crops, reads and smooths, and ties it together as `open_video`. `annotating`, `timeline` and
`summary` are the sinks that only videos need; the others are `recognition.sinks`. Needs the extra `video`.
"""
