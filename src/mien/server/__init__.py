"""The server of the app in the browser: `serving` gives out the built app and the models, on loopback only.

`app/` beside this file is what `npm run build` in web/ makes; the wheel carries it. `listing` keeps its list of models
true to the files. Imports `errors` and, for model files that changed, `recognition.model`.
"""
