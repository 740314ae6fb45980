"""Recognition: pictures in, faces with their expressions out. It never needs a training framework.

`Recognizer` ties it together: `pictures` reads (`depth` and `jpeg` help, `notes` are what is to be said of a picture),
`detection` finds faces (in an image `pyramid`), `framing` and `cropping` cut them, `model` runs the model file on one
of the `devices`, `gate` knows strange faces and says so in the words of `verdicts`. `side_by_side` lets threads work on
several pictures, or parts of one. `file_types` says what a file is, `media_files` looks into folders. `drawing`,
`sinks`, `dataframes` and `archive` show and store what came out; `video` does the same for whatever moves. Imports only
the small files beside this folder.
"""
