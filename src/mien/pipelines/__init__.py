"""From starting weights and data to the model file that ships: pipelines, made by `mien make`.

`plan` reads the TOML file of steps, `steps` holds one file a kind of step, `making` runs what is missing. A step is run
again only when something that it is made from has changed. Imports training, export, novelty and evaluation; only the
command line imports it.
"""
