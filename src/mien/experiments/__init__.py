"""Experiments: many runs by a queue, their results on file, and the report on them.

`jobs` (recipes and seeds to runs), `job_status` (what is done, running, to do, waiting), `queue` (run what is missing),
`run_results` (judge a finished run, check it, put it into results/), `tables`, `run_plots`, `novelty`, `trust`,
`report` (show what is on file), `card` (the model card), `documents` (every table of README and docs), `templating`
(fills the templates in templates/). Imports `training`, `evaluation`, `data` and `results`.
"""
