"""Recognition: pictures in, faces with their expressions out. It never needs a training framework.

`Recognizer` ties it together: `pictures` reads, `detection` finds faces, `framing` and `cropping` cut them, `model`
runs the model file. `drawing` and `sinks` show and store what came out. Imports only
`expressions`, `errors` and `storage` of Mien.
"""
